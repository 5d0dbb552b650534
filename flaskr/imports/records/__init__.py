"""The list of imports, and what each of them brought."""
