"""One writer per format; each takes pandas frames of the declared columns."""
