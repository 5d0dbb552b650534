"""Made-up books: one random claim, or a million."""
