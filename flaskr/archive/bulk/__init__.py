"""Rows by the million into the book, from Arrow batches, on either database."""
