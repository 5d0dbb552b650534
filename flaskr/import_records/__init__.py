"""Which import, which file and which row something in the book came from."""
