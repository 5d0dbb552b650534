"""Make one file from one snapshot of the book, in the isolated process."""
