"""The vocabulary: the kinds of values, the closed lists, and the columns of every file."""
