"""Who may reach which page: the one table of it. A page that is not in it is nobody's."""

from flaskr.users.models import Role

EVERYBODY = frozenset(Role)
HANDLERS = frozenset({Role.HANDLER})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
FILE_READERS = frozenset({Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR})
FILE_KEEPERS = frozenset({Role.ACTUARY, Role.ADMINISTRATOR})

# Whoever works claims, or answers to the people in them, sees who they are.
SEE_NAMES = frozenset({Role.HANDLER, Role.ADMINISTRATOR})

# Without signing in.
PUBLIC = frozenset({"static", "health.show", "users.sign_in", "users.set_password"})

# By endpoint; GET and POST of one address are one page. Whoever gives access (the administrator)
# does not move money, and whoever moves money does not give access.
ROUTES: dict[str, frozenset[Role]] = {
    "overview.index": EVERYBODY,
    "overview.find": EVERYBODY,
    "claims.index": EVERYBODY,
    "claims.show": EVERYBODY,
    "claims.new": HANDLERS,
    "claims.edit": HANDLERS,
    "claims.act": HANDLERS,
    "claims.reverse": HANDLERS,
    "policies.index": EVERYBODY,
    "policies.show": EVERYBODY,
    "policies.new": HANDLERS,
    "policies.edit": HANDLERS,
    "policies.cancel": HANDLERS,
    "demo.generate_random_claim": HANDLERS,
    "exports.claims": FILE_READERS,
    "exports.ledger": FILE_READERS,
    "exports.policies": FILE_READERS,
    "exports.dictionary": EVERYBODY,
    "exports.verify": FILE_READERS,
    "exports.kept": FILE_KEEPERS,
    "exports.keep": FILE_KEEPERS,
    "exports.kept_file": FILE_KEEPERS,
    "exports.kept_manifest": FILE_KEEPERS,
    "exports.delete_kept": FILE_KEEPERS,
    "imports.index": EVERYBODY,
    "imports.show": EVERYBODY,
    "imports.upload": HANDLERS,
    "imports.under_way": HANDLERS,
    "imports.read": HANDLERS,
    "imports.load": HANDLERS,
    "imports.drop": HANDLERS,
    "imports.refused_rows": HANDLERS,
    "imports.undo": ADMINISTRATORS,
    "trail.index": ADMINISTRATORS,
    "exports.trail": ADMINISTRATORS,
    "users.sign_out": EVERYBODY,
    "users.account": EVERYBODY,
    "users.change_password": EVERYBODY,
    "users.end_session": EVERYBODY,
    "users.make_token": EVERYBODY,
    "users.revoke_token": EVERYBODY,
    "users.people": ADMINISTRATORS,
    "users.new_person": ADMINISTRATORS,
    "users.person": ADMINISTRATORS,
    "users.make_link": ADMINISTRATORS,
    "users.sign_person_out": ADMINISTRATORS,
    "users.settings": ADMINISTRATORS,
}

# What a program may do with a token; the rest takes a person.
BY_TOKEN = frozenset(
    {
        "exports.claims",
        "exports.ledger",
        "exports.policies",
        "exports.trail",
        "exports.dictionary",
        "exports.kept_file",
        "exports.kept_manifest",
        "imports.index",
        "imports.show",
        "imports.upload",
        "imports.under_way",
        "imports.read",
        "imports.load",
        "imports.drop",
        "imports.refused_rows",
    }
)


def may_reach(role: Role, endpoint: str) -> bool:
    """Whether a role may reach a page."""
    return endpoint in PUBLIC or role in ROUTES.get(endpoint, frozenset())
