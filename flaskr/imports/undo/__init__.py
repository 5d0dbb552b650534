"""Undoing an import."""
