"""The book itself: its currency, its time zone, and the references it has allotted."""
