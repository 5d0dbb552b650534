"""Identities: a user by their session, a program by its token, or anybody in an open book."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection, bindparam, exists, select

from flaskr.users.models import Role, Scope, SecondFactor, Token, User, UserSession
from flaskr.users.sessions.secrets import secret_digest
from flaskr.values.calendar import utc_now

_OPEN_ACTOR = "open"
NOBODY = "nobody"
PAGE = "page"


@dataclass(frozen=True)
class Identity:
    """Who sent a request, and what they may do.

    `through` is page or the token's label. A browser has `session_id` and `session_name`, a
    program `token_id` and `scope`. LOCAL has neither and no role, and may do everything.
    """

    actor: str
    role: Role | None = None
    name: str = ""
    user_id: int = 0
    through: str = PAGE
    session_id: int = 0
    session_name: str = ""
    token_id: int = 0
    scope: Scope = Scope.WRITE
    last_used_at: datetime | None = None
    has_second_factor: bool = False


LOCAL = Identity(_OPEN_ACTOR)
HAS_SECOND_FACTOR: Any = (
    exists()
    .where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None))
    .correlate(User)
    .label("has_second_factor")
)
_USER_COLUMNS: tuple[Any, ...] = (
    User.id,
    User.email,
    User.name.label("person"),
    User.role,
    HAS_SECOND_FACTOR,
)

# The conditions of an active session; `active_session_bounds` gives the bound values.
ACTIVE_SESSION: tuple[Any, ...] = (
    UserSession.ended_at.is_(None),
    UserSession.last_used_at > bindparam("used_since"),
    UserSession.made_at > bindparam("made_since"),
)
# Built once at import: building them takes longer than running them.
_BY_SESSION = (
    select(
        *_USER_COLUMNS,
        UserSession.id.label("session_id"),
        UserSession.name,
        UserSession.last_used_at,
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.token_digest == bindparam("digest"), *ACTIVE_SESSION, User.is_active)
)
_BY_TOKEN = (
    select(*_USER_COLUMNS, Token.id.label("token_id"), Token.label, Token.scope, Token.last_used_at)
    .join(Token, Token.user_id == User.id)
    .where(
        Token.token_digest == bindparam("digest"),
        Token.revoked_at.is_(None),
        Token.expires_at > bindparam("now"),
        User.is_active,
    )
)


def active_session_bounds() -> dict[str, Any]:
    """Return the earliest last use and start of an active session."""
    config, now = current_app.config, utc_now()
    return {
        "used_since": now - timedelta(minutes=config["SESSION_IDLE_MINUTES"]),
        "made_since": now - timedelta(hours=config["SESSION_HOURS"]),
    }


def identity_of_session(connection: Connection, secret: str) -> Identity | None:
    """Return the identity of an active session by its secret; None if there is no such session."""
    bounds = {"digest": secret_digest(secret)} | active_session_bounds()
    row = connection.execute(_BY_SESSION, bounds).one_or_none()
    if row is None:
        return None
    return Identity(
        actor=row.email,
        role=row.role,
        name=row.person,
        user_id=row.id,
        session_id=row.session_id,
        session_name=row.name,
        last_used_at=row.last_used_at,
        has_second_factor=row.has_second_factor,
    )


def identity_of_token(connection: Connection, secret: str) -> Identity | None:
    """Return the identity of a valid token by its secret; None if there is no such token."""
    bounds = {"digest": secret_digest(secret), "now": utc_now()}
    row = connection.execute(_BY_TOKEN, bounds).one_or_none()
    if row is None:
        return None
    return Identity(
        actor=row.email,
        role=row.role,
        name=row.person,
        user_id=row.id,
        through=f"token {row.label}",
        token_id=row.token_id,
        scope=row.scope,
        last_used_at=row.last_used_at,
        has_second_factor=row.has_second_factor,
    )
