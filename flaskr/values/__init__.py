"""What a value is wherever it appears: money, text, days, column types, as-at dates, pseudonyms."""
