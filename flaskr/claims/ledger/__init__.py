"""The ledger of a claim: its rules, services and pages."""
