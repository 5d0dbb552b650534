"""flask doctor: small checks of what the book runs on, each with its findings."""
