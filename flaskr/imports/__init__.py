"""Claims in: files from elsewhere become rows of the book, all or none."""
