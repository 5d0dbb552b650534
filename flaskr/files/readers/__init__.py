"""Read uploaded files of any format as batches of cells, within limits."""
