"""Who may reach which page: the one table of it. A page that is not in it is nobody's."""

from flaskr.users.models import Role

EVERYBODY = frozenset(Role)
HANDLERS = frozenset({Role.HANDLER})
ACTUARIES = frozenset({Role.ACTUARY, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
FILE_READERS = frozenset({Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR})

# Whoever works claims, or answers to the people in them, sees who they are.
SEE_NAMES = frozenset({Role.HANDLER, Role.ADMINISTRATOR})
