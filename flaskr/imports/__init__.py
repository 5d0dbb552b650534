"""Importing files into the book, all of their rows or none."""
