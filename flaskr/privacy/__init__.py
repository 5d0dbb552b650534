"""Erasing a person: names and free text go, amounts and dates stay."""
