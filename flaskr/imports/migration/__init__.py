"""A migration: policies, claims and their ledger from an older system."""
