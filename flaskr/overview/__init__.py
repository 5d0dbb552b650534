"""The front page: what is in the book."""
