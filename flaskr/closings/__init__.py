"""Declaring the book live, closing its periods, and what was booked late in a closed period."""
