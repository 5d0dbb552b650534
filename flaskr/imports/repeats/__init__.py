"""Files that were loaded before: whether they would turn newer facts back."""
