"""Reading and writing files of rows: one reader and one writer per format."""
