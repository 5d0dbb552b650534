"""Export claims, ledger entries, policies and the trail to files, each from one snapshot."""
