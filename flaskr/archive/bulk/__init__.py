"""Bulk loading: Arrow batches into the tables of either database."""
