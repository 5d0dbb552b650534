"""The front page: the book's totals and latest claims."""
