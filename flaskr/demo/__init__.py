"""Demo data: one random claim, or a whole book."""
