"""What a process of the book needs: checks at its start, its log, and processes for heavy work."""
