"""The database: how it connects, its transactions and locks, its schema, and its writers."""
