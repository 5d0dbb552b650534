"""Claims out: one snapshot, one writer a format, files that can be trusted."""
