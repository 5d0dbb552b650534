"""Verify files: compare a file with its manifest."""
