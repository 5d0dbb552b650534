"""The access table: which roles may open which pages. A page that is not in it is closed."""

from flaskr.users.models import Role

_EVERYBODY = frozenset(Role)
_HANDLERS = frozenset({Role.HANDLER})
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_FILE_READERS = frozenset({Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR})
_FILE_KEEPERS = frozenset({Role.ACTUARY, Role.ADMINISTRATOR})
_PERIOD_CLOSERS = frozenset({Role.ACTUARY, Role.ADMINISTRATOR})
_IMPORTERS = frozenset({Role.HANDLER, Role.ADMINISTRATOR})  # each of their own kind

# Handlers work with policyholders, and administrators answer their requests.
SEE_NAMES = frozenset({Role.HANDLER, Role.ADMINISTRATOR})

# Who sends an import: ordinary ones move money, a migration makes the book's past.
IMPORT = _HANDLERS
MIGRATE = _ADMINISTRATORS

# Pages that need no sign-in.
PUBLIC = frozenset(
    {"static", "health.show", "users.sign_in", "users.enter_code", "users.set_password"}
)

# What a user without the second factor that their role requires may open, to set it up.
WITHOUT_SECOND_FACTOR = frozenset(
    {"users.second_factor", "users.confirm_second_factor", "users.sign_out"}
)

# By endpoint; GET and POST of one address are one page. Duties are separated: an administrator
# gives access and does not move money, a handler moves money and does not give access.
ROUTES: dict[str, frozenset[Role]] = {
    "overview.index": _EVERYBODY,
    "overview.find": _EVERYBODY,
    "claims.index": _EVERYBODY,
    "claims.show": _EVERYBODY,
    "claims.report": _HANDLERS,
    "claims.edit_facts": _HANDLERS,
    "claims.act": _HANDLERS,
    "claims.reverse": _HANDLERS,
    "policies.index": _EVERYBODY,
    "policies.show": _EVERYBODY,
    "policies.new": _HANDLERS,
    "policies.edit": _HANDLERS,
    "policies.cancel": _HANDLERS,
    "closings.index": _PERIOD_CLOSERS,
    "closings.show": _PERIOD_CLOSERS,
    "closings.late": _PERIOD_CLOSERS,
    "closings.close": _PERIOD_CLOSERS,
    "closings.declare": _ADMINISTRATORS,
    "demo.generate_random_claim": _HANDLERS,
    "exports.claims": _FILE_READERS,
    "exports.ledger": _FILE_READERS,
    "exports.policies": _FILE_READERS,
    "exports.revisions": _FILE_READERS,
    "exports.dictionary": _EVERYBODY,
    "exports.verify": _FILE_READERS,
    "exports.kept": _FILE_KEEPERS,
    "exports.keep": _FILE_KEEPERS,
    "exports.kept_file": _FILE_KEEPERS,
    "exports.kept_manifest": _FILE_KEEPERS,
    "exports.change_kept": _FILE_KEEPERS,
    "imports.index": _EVERYBODY,
    "imports.show": _EVERYBODY,
    "imports.edits": _EVERYBODY,
    "imports.upload": _IMPORTERS,
    "imports.under_way": _IMPORTERS,
    "imports.read": _IMPORTERS,
    "imports.load": _IMPORTERS,
    "imports.drop": _IMPORTERS,
    "imports.refused_rows": _IMPORTERS,
    "imports.undo": _ADMINISTRATORS,
    "trail.index": _ADMINISTRATORS,
    "trail.refusals": _ADMINISTRATORS,
    "exports.trail": _ADMINISTRATORS,
    "users.sign_out": _EVERYBODY,
    "users.account": _EVERYBODY,
    "users.change_password": _EVERYBODY,
    "users.end_session": _EVERYBODY,
    "users.make_token": _EVERYBODY,
    "users.revoke_token": _EVERYBODY,
    "privacy.erase": _ADMINISTRATORS,
    "privacy.show": _ADMINISTRATORS,
    "users.second_factor": _EVERYBODY,
    "users.confirm_second_factor": _EVERYBODY,
    "users.renew_recovery_codes": _EVERYBODY,
    "users.remove_second_factor": _EVERYBODY,
    "users.people": _ADMINISTRATORS,
    "users.new_person": _ADMINISTRATORS,
    "users.person": _ADMINISTRATORS,
    "users.make_link": _ADMINISTRATORS,
    "users.sign_person_out": _ADMINISTRATORS,
    "users.remove_persons_second_factor": _ADMINISTRATORS,
    "users.settings": _ADMINISTRATORS,
}

# Endpoints that accept a token; the others need a signed-in user.
BY_TOKEN = frozenset(
    {
        "exports.claims",
        "exports.ledger",
        "exports.policies",
        "exports.revisions",
        "exports.trail",
        "exports.dictionary",
        "exports.kept_file",
        "exports.kept_manifest",
        "imports.index",
        "imports.show",
        "imports.edits",
        "imports.upload",
        "imports.under_way",
        "imports.read",
        "imports.load",
        "imports.drop",
        "imports.refused_rows",
    }
)


def may_reach(role: Role, endpoint: str) -> bool:
    """Whether a role may open a page."""
    return endpoint in PUBLIC or role in ROUTES.get(endpoint, frozenset())
