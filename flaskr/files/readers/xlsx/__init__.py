"""Read Excel workbooks: parts, sheets, rows, cells."""
