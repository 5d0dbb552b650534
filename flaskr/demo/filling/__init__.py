"""Fills an empty book with made-up data of any size."""
