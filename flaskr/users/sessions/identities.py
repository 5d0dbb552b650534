"""Who is asking: a person by their session, a program by its token, or whoever is at home."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection, bindparam, select

from flaskr.users.models import Role, Scope, Token, User, UserSession
from flaskr.users.sessions.secrets import secret_digest
from flaskr.values.calendar import utc_now

_OPEN_ACTOR = "open"
NOBODY = "nobody"
PAGE = "page"


@dataclass(frozen=True)
class Identity:
    """Who is asking, and what they may do.

    `through` is page or the token's label; a person has `session_id` and `session_name`, a program
    `token_id` and `scope`, whoever is at home neither, and no role: they may do everything.
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


LOCAL = Identity(_OPEN_ACTOR)
_USER_COLUMNS: tuple[Any, ...] = (User.id, User.email, User.name.label("person"), User.role)

# When a session lasts; `lasting_since` gives what is bound.
ACTIVE_SESSION: tuple[Any, ...] = (
    UserSession.ended_at.is_(None),
    UserSession.last_used_at > bindparam("used_since"),
    UserSession.made_at > bindparam("made_since"),
)
# Made once: to put them together takes longer than to ask.
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
    """Return since when a session must have been used, and made, to last."""
    config, now = current_app.config, utc_now()
    return {
        "used_since": now - timedelta(minutes=config["SESSION_IDLE_MINUTES"]),
        "made_since": now - timedelta(hours=config["SESSION_HOURS"]),
    }


def identity_of_session(connection: Connection, secret: str) -> Identity | None:
    """Return who has signed in with a cookie; None once that is over."""
    given = {"digest": secret_digest(secret)} | active_session_bounds()
    row = connection.execute(_BY_SESSION, given).one_or_none()
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
    )


def identity_of_token(connection: Connection, secret: str) -> Identity | None:
    """Return whose token it is; None for one that cannot be used, or no longer."""
    given = {"digest": secret_digest(secret), "now": utc_now()}
    row = connection.execute(_BY_TOKEN, given).one_or_none()
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
    )
