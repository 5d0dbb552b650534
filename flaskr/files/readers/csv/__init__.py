"""CSV: the fast reader and the strict one."""
