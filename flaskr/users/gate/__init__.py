"""The gate that every request passes: who may do what."""
