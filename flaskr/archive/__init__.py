"""Archives: the whole book in one file, from either database, to load into an empty book."""
