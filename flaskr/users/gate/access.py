"""The identity behind the current request, and what it may do, for views and templates."""

from collections.abc import Callable

from flask import abort, current_app, g, request, session
from sqlalchemy import Connection

from flaskr.database.modes import current_mode
from flaskr.database.transactions import separate_read
from flaskr.extensions import db
from flaskr.users.roles import IMPORT, MIGRATE, PUBLIC, WITHOUT_SECOND_FACTOR, may_reach
from flaskr.users.sessions.identities import (
    LOCAL,
    NOBODY,
    Identity,
    identity_of_session,
    identity_of_token,
)

COOKIE_SECRET = "signed_in"  # noqa: S105 - the secret's key in the cookie, not the secret
_BEARER = "bearer "


def is_open() -> bool:
    """Whether the book is open without signing in (local only)."""
    return current_app.config["BOOK_MODE"] == "open"


def current_identity() -> Identity | None:
    """Return the identity behind the request; None if nobody has signed in."""
    identity: Identity | None = g.get("identity")
    return identity


def actor() -> str:
    """Return the name that this request's work is recorded under."""
    identity = current_identity()
    return identity.actor if identity else NOBODY


def may(endpoint: str) -> bool:
    """Whether the current identity may open a page."""
    identity = current_identity()
    if identity is None or identity.role is None:
        return identity is LOCAL
    if lacks_second_factor(identity) and endpoint not in WITHOUT_SECOND_FACTOR | PUBLIC:
        return False
    return may_reach(identity.role, endpoint) and not is_switched_off(endpoint)


def lacks_second_factor(identity: Identity) -> bool:
    """Whether the role requires a second factor that the user has not set up."""
    required: tuple[str, ...] = current_app.config["SECOND_FACTOR_ROLES"]
    return identity.role in required and not identity.has_second_factor


def is_switched_off(endpoint: str) -> bool:
    """Whether a setting closes a page to everybody in a book that requires signing in."""
    return endpoint == "demo.generate_random_claim" and not current_app.config["RANDOM_CLAIMS"]


def may_import(is_migration: bool) -> bool:
    """Whether the current identity may import claims or policies, or send a migration.

    A migration changes the past, so it is an administrator's alone, and never a token's.
    """
    identity = current_identity()
    if identity is None or identity.role is None:
        return identity is LOCAL
    if is_migration:
        return identity.role in MIGRATE and not identity.token_id
    return identity.role in IMPORT


def check_may_import(is_migration: bool) -> None:
    """Abort with 403 unless the current identity may send such an import."""
    if may_import(is_migration):
        return
    if not is_migration:
        abort(403, "Your role may only send migrations. A handler imports claims and policies.")
    identity = current_identity()
    if identity and identity.token_id:
        abort(403, "A token cannot send a migration. An administrator does it in a browser.")
    abort(403, "Only an administrator can send a migration, because it changes the past.")


def bearer_token() -> str | None:
    """Return the bearer token of the request, or None."""
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else None


def identify() -> Identity | None:
    """Identify the request by its bearer token, or by its cookie if it has no token."""
    if is_open():
        return LOCAL
    if current_mode.get() == "read":  # share one transaction with the view
        return _find_identity(db.session.connection)
    with separate_read() as connection:
        return _find_identity(lambda: connection)


def _find_identity(connect: Callable[[], Connection]) -> Identity | None:
    """Look the identity up; `connect` is called only if there is a token or a cookie."""
    token = bearer_token()
    if token is not None:
        return identity_of_token(connect(), token)
    secret = session.get(COOKIE_SECRET)
    return identity_of_session(connect(), secret) if isinstance(secret, str) else None
