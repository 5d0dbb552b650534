"""The cover sold: policies and the history of their facts."""
