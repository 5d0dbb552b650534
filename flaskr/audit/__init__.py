"""The audit trail: who did what, when, to which object and from where."""
