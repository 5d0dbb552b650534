"""The ledger: its rules, its services and its pages."""
