"""Who acts in this request, and what they may: what views and templates ask."""

from collections.abc import Callable

from flask import current_app, g, request, session
from sqlalchemy import Connection

from flaskr.database import looking, work_mode
from flaskr.extensions import db
from flaskr.users.roles import may_reach
from flaskr.users.sessions.identities import (
    LOCAL,
    NOBODY,
    Identity,
    identity_of_session,
    identity_of_token,
)

COOKIE_SECRET = "signed_in"  # noqa: S105 - the name under which a cookie carries it
_BEARER = "bearer "


def is_open() -> bool:
    """Whether the book is open at home, without signing in."""
    return current_app.config["BOOK_MODE"] == "open"


def current_identity() -> Identity | None:
    """Return who is asking; None for whoever has not signed in."""
    found: Identity | None = g.get("identity")
    return found


def actor() -> str:
    """Return the name under which this request's work is recorded."""
    asking = current_identity()
    return asking.actor if asking else NOBODY


def may(endpoint: str) -> bool:
    """Whether whoever is asking may reach a page."""
    asking = current_identity()
    if asking is None or asking.role is None:
        return asking is LOCAL
    return may_reach(asking.role, endpoint) and not is_switched_off(endpoint)


def is_switched_off(endpoint: str) -> bool:
    """Whether a setting keeps a page from everybody, where people sign in."""
    return endpoint == "demo.generate_random_claim" and not current_app.config["RANDOM_CLAIMS"]


def bearer_token() -> str | None:
    """Return the token that the request brings; None when it brings none."""
    said = request.headers.get("Authorization", "")
    return said[len(_BEARER) :].strip() if said.lower().startswith(_BEARER) else None


def identify() -> Identity | None:
    """Return who is asking: by a token when one is brought, else by the cookie."""
    if is_open():
        return LOCAL
    if work_mode.get() == "read":  # one transaction with the page that follows
        return _find_identity(db.session.connection)
    with looking() as connection:
        return _find_identity(lambda: connection)


def _find_identity(connect: Callable[[], Connection]) -> Identity | None:
    """Return who is asking; a connection is taken only when there is something to look up."""
    token = bearer_token()
    if token is not None:
        return identity_of_token(connect(), token)
    secret = session.get(COOKIE_SECRET)
    return identity_of_session(connect(), secret) if isinstance(secret, str) else None
