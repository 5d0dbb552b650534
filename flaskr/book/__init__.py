"""The book: its currency, its time zone, and the counters of its references."""
