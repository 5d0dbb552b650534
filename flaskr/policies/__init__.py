"""Policies: the cover sold, and the history of its facts."""
