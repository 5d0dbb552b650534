"""The identity behind the current request, and what it may do, for views and templates."""

from collections.abc import Callable

from flask import current_app, g, request, session
from sqlalchemy import Connection

from flaskr.database import current_mode, separate_read
from flaskr.extensions import db
from flaskr.users.roles import may_reach
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
    return may_reach(identity.role, endpoint) and not is_switched_off(endpoint)


def is_switched_off(endpoint: str) -> bool:
    """Whether a setting closes a page to everybody in a book that requires signing in."""
    return endpoint == "demo.generate_random_claim" and not current_app.config["RANDOM_CLAIMS"]


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
