"""A whole book as one file: written from either database, loaded into an empty one."""
