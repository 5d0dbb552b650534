"""Verify: is a file still what its manifest says?"""
