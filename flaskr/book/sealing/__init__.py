"""Seals: each commit to the book is tied by a SHA-256 to all commits before it."""
