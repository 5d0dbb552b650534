"""Excel workbooks: typed cells, written as a stream."""
