"""Making one file from one snapshot, in the isolated process."""
