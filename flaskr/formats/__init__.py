"""Files of any rows: one writer a format, from frames of declared columns."""
