"""The claim and its ledger."""
