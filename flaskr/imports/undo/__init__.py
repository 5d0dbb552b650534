"""Undo: taking an import back."""
