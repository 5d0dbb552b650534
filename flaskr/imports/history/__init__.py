"""The list of imports, and the page of each."""
