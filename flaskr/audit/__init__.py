"""The audit trail: who did what, when, to what, from where; never edited or deleted."""
