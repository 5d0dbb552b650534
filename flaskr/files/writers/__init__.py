"""One writer a format, from frames of declared columns."""
