"""Erasing a person: name and free text go, amounts and dates stay."""
