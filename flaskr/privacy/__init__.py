"""Erase personal data: names and free text are removed, amounts and dates stay."""
