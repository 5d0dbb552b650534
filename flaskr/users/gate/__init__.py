"""Access control: the checks that every request passes."""
