"""The records of imports, which rows of the book refer to as their source."""
