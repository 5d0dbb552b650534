"""The dry run: reads files and compares them with the book, which it does not change."""
