"""Start and end sessions, make and revoke tokens, and record their last use."""

import logging
from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, select, update

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import origin, record
from flaskr.database.failures import DATABASE_ERRORS
from flaskr.database.transactions import separate_write
from flaskr.errors import ClaimBookError, SchemaError
from flaskr.extensions import db
from flaskr.users.models import Scope, Token, User, UserSession
from flaskr.users.sessions.identities import Identity
from flaskr.users.sessions.secrets import TOKEN_PREFIX, new_public_name, new_secret, secret_digest
from flaskr.values.calendar import utc_now
from flaskr.values.text import clean_name

_logger = logging.getLogger(__name__)

_USE_INTERVAL_SECONDS = 60  # a use is recorded at most this often
_SESSION_RETENTION = timedelta(days=90)
_PATIENCE = 0.05  # seconds: no request waits for another writer to record its use
_MAX_TOKEN_DAYS = 366
_USER_AGENT_LENGTH = 200


class _NoSuchName(ClaimBookError):
    """A session or a token that does not exist, or belongs to somebody else."""

    status = 404


class _TokenRefused(ClaimBookError):
    """A token that cannot be made like this."""


def start_session(user: User, user_agent: str) -> str:
    """Start a session of a user, and return the secret for the cookie."""
    secret, now = new_secret(), utc_now()
    _delete_old_sessions()
    session = UserSession(
        user_id=user.id,
        name=new_public_name(),
        token_digest=secret_digest(secret),
        made_at=now,
        last_used_at=now,
        address=origin.get().address,
        program=user_agent[:_USER_AGENT_LENGTH],
    )
    db.session.add(session)
    db.session.flush()
    return secret


def _delete_old_sessions() -> None:
    """Delete sessions that ended long ago: their addresses are personal data."""
    longest = timedelta(hours=current_app.config["SESSION_HOURS"])
    oldest = utc_now() - max(_SESSION_RETENTION, longest)
    db.session.execute(delete(UserSession).where(UserSession.made_at < oldest))


def end_session(user_id: int, name: str, *, actor: str, action: Action) -> None:
    """End one of a user's sessions; raises ClaimBookError (404) for any other."""
    _check_name(name)
    own = select(UserSession).where(
        UserSession.user_id == user_id, UserSession.name == name, UserSession.ended_at.is_(None)
    )
    session = db.session.scalar(own)
    if session is None:
        raise _NoSuchName("This session has ended, or is not yours.")
    session.ended_at = utc_now()
    record(action, Subject.USER, actor, actor=actor, after={"session": name})


def _check_name(name: str) -> None:
    """Raise _NoSuchName for an impossible name; PostgreSQL would raise for a NUL."""
    if not name.isalnum():
        raise _NoSuchName("There is no session or token of that name.")


def end_sessions(user: User) -> None:
    """End all sessions of a user."""
    active = update(UserSession).where(
        UserSession.user_id == user.id, UserSession.ended_at.is_(None)
    )
    db.session.execute(active.values(ended_at=utc_now()))


def make_token(user_id: int, label: str, scope: Scope, days: int, *, actor: str) -> str:
    """Make a token and return its secret, which is not stored."""
    label = clean_name(label)
    if not label:
        raise _TokenRefused("Say what the token is for.")
    if not 1 <= days <= _MAX_TOKEN_DAYS:
        raise _TokenRefused(f"A token lasts 1 to {_MAX_TOKEN_DAYS} days.")
    secret, now = TOKEN_PREFIX + new_secret(), utc_now()
    token = Token(
        user_id=user_id,
        name=new_public_name(),
        label=label,
        token_digest=secret_digest(secret),
        scope=scope,
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    db.session.add(token)
    facts = {"label": label, "scope": scope, "expires": token.expires_at}
    record(Action.TOKEN_MADE, Subject.USER, actor, actor=actor, after=facts)
    return secret


def revoke_token(user_id: int, name: str, *, actor: str) -> Token:
    """Revoke one of a user's tokens; raises ClaimBookError (404) for any other."""
    _check_name(name)
    own = select(Token).where(
        Token.user_id == user_id, Token.name == name, Token.revoked_at.is_(None)
    )
    token = db.session.scalar(own)
    if token is None:
        raise _NoSuchName("This token is already revoked, or is not yours.")
    token.revoked_at = utc_now()
    label = {"label": token.label}
    record(Action.TOKEN_REVOKED, Subject.USER, actor, actor=actor, after=label)
    return token


def revoke_tokens(user: User) -> None:
    """Revoke all tokens of a user."""
    valid = update(Token).where(Token.user_id == user.id, Token.revoked_at.is_(None))
    db.session.execute(valid.values(revoked_at=utc_now()))


def record_use(identity: Identity) -> None:
    """Record the last use of a session or a token, at most once a minute.

    If the database takes no writing, such as a replica or for another writer, it is only logged.
    """
    now, last = utc_now(), identity.last_used_at
    model, row_id = (
        (UserSession, identity.session_id) if identity.session_id else (Token, identity.token_id)
    )
    idle = current_app.config["SESSION_IDLE_MINUTES"] * 60
    if not row_id or last and (now - last).total_seconds() < min(_USE_INTERVAL_SECONDS, idle / 4):
        return
    try:
        with separate_write(_PATIENCE) as connection:
            connection.execute(update(model).where(model.id == row_id).values(last_used_at=now))
    except (SchemaError, *DATABASE_ERRORS) as error:
        _logger.info("the last use was not recorded: %s", getattr(error, "orig", error))
