"""How the columns and values of files are read: what was chosen, by whom, and what is offered."""
