"""Sources: which file and row something in the book came from."""
