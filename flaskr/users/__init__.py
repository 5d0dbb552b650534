"""Users, signing in, and access control."""
