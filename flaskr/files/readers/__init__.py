"""Whatever people upload, as batches of cells, within limits."""
