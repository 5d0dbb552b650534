"""The dry run: files are read and compared with the book, and nothing is written."""
