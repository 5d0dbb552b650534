"""A made-up book of any size, loaded into an empty one."""
