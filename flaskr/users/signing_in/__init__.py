"""Signing in, with a password or by a one-time link, and signing out."""
