"""Files of any rows, in and out: one reader and one writer a format."""
