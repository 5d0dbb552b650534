"""The vocabulary: the kinds of values, the closed lists, and every column of every file."""
