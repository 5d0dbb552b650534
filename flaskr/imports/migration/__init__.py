"""Migrations: policies, claims and their ledger from an older system."""
