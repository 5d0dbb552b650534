"""Write Excel workbooks with typed cells, as a stream."""
