"""Queries of users, and of their sessions, tokens and links."""

from typing import Any

from sqlalchemy import Select, func, select

from flaskr.extensions import db
from flaskr.users.models import PasswordLink, Role, Token, User, UserSession
from flaskr.users.sessions.identities import ACTIVE_SESSION, active_session_bounds
from flaskr.users.sessions.secrets import secret_digest
from flaskr.values.calendar import utc_now
from flaskr.values.text import lookup_key


def user_with_email(email: str) -> User | None:
    """Return the user with an e-mail address, in upper or lower case."""
    return db.session.scalar(select(User).where(User.email_key == lookup_key(email)))


def all_users() -> list[User]:
    """Return all users by e-mail, those who may sign in first."""
    in_order = select(User).order_by(User.is_active.desc(), User.email_key)
    return list(db.session.scalars(in_order))


def other_administrator_count(user: User) -> int:
    """Return the number of other active administrators."""
    others = select(func.count()).where(
        User.role == Role.ADMINISTRATOR, User.is_active, User.id != user.id
    )
    return db.session.scalar(others) or 0


def sessions_of(user_id: int) -> list[UserSession]:
    """Return a user's active sessions, the last used first."""
    active = select(UserSession).where(UserSession.user_id == user_id, *ACTIVE_SESSION)
    in_order = active.order_by(UserSession.last_used_at.desc())
    return list(db.session.scalars(in_order, active_session_bounds()))


def tokens_of(user_id: int) -> list[Token]:
    """Return a user's tokens that are not revoked, expired ones included, the newest first."""
    tokens = select(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None))
    return list(db.session.scalars(tokens.order_by(Token.id.desc())))


def select_link_owner(secret: str) -> Select[Any]:
    """Select (id, email, name) of the user whose password a valid link sets."""
    columns: tuple[Any, ...] = (User.id, User.email, User.name)
    return (
        select(*columns)
        .join(PasswordLink, PasswordLink.user_id == User.id)
        .where(
            PasswordLink.token_digest == secret_digest(secret),
            PasswordLink.expires_at > utc_now(),
            User.is_active,
        )
    )
