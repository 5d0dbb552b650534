"""The history of claims and policies: who recorded their facts, and every edit since."""
