"""The options of `flask import`, and what it prints and writes."""
