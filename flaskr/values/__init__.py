"""Value types: money, text, dates, column types, as-at dates and pseudonyms."""
