"""The feed of facts: each version of the facts of claims and policies."""
