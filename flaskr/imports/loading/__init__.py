"""Loading a confirmed plan into the book, in one transaction."""
