"""Verify passwords, start sessions, and change passwords.

An unknown user and a wrong password get the same answer after the same time. Passwords are
verified and hashed outside transactions, because on SQLite that would block all other writers; the
credentials are checked again when they are written.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record, record_separately
from flaskr.database.transactions import locked_row, separate_read
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.users.models import User, UserSession
from flaskr.users.passwords import (
    hash_new_password,
    hash_password,
    is_correct_password,
    is_outdated_hash,
)
from flaskr.users.queries import select_link_owner
from flaskr.users.services import LinkExpired, delete_links, store_password
from flaskr.users.sessions.identities import NOBODY, Identity
from flaskr.users.sessions.services import revoke_tokens, start_session
from flaskr.users.signing_in.throttling import begin_attempt, forget_attempts
from flaskr.values.text import lookup_key


class NotSignedIn(ClaimBookError):
    """A wrong e-mail address or password."""

    is_in_trail = True


class _UnknownUser(NotSignedIn):
    """An unknown address, which is only counted: anybody can try any number of them."""

    is_in_trail = False


@dataclass(frozen=True)
class StoredCredentials:
    """A user's stored credentials, as they were when the password was verified."""

    id: int
    email: str
    name: str
    password_hash: str | None
    is_active: bool


def _stored_credentials(email: str) -> StoredCredentials | None:
    """Return the credentials of the user with an e-mail address."""
    columns = select(User.id, User.email, User.name, User.password_hash, User.is_active)
    with separate_read() as connection:
        row = connection.execute(columns.where(User.email_key == lookup_key(email))).one_or_none()
    return StoredCredentials(**row._mapping) if row else None


def verify_password(
    email: str, password: str, *, address: str, actor: str = NOBODY
) -> StoredCredentials:
    """Verify a password, and return the user's credentials.

    The attempt counts as failed until `recheck_credentials`. Raises NotSignedIn, without saying
    what was wrong, and TooManyAttempts.
    """
    begin_attempt(lookup_key(email), address)
    credentials = _stored_credentials(email)
    is_right = is_correct_password(password, credentials.password_hash if credentials else None)
    if credentials is None:
        raise _UnknownUser("The e-mail address or the password is not right.")
    if not (is_right and credentials.is_active):
        record_separately(Action.SIGN_IN_FAILED, Subject.USER, credentials.email, actor=actor)
        raise NotSignedIn("The e-mail address or the password is not right.")
    return credentials


def recheck_credentials(credentials: StoredCredentials) -> User:
    """Lock the user and delete their failed attempts; return the user.

    Raises NotSignedIn if the password, or the right to sign in, has changed since it was verified.
    """
    user: User = locked_row(select(User).where(User.id == credentials.id))
    if not user.is_active or user.password_hash != credentials.password_hash:
        raise NotSignedIn("The e-mail address or the password is not right.")
    forget_attempts(user.email_key)
    return user


def start_session_with_password(email: str, password: str, *, address: str, user_agent: str) -> str:
    """Verify a password and start a session; return the secret for the cookie.

    Raises NotSignedIn, without saying what was wrong, and TooManyAttempts.
    """
    credentials = verify_password(email, password, address=address)
    is_outdated = is_outdated_hash(credentials.password_hash or "")
    new_hash = hash_password(password) if is_outdated else None
    user = recheck_credentials(credentials)
    user.password_hash = new_hash or user.password_hash
    secret = start_session(user, user_agent)
    record(Action.SIGNED_IN, Subject.USER, user.email, actor=user.email)
    return secret


def replace_password(
    identity: Identity,
    current: str,
    new: str,
    *,
    address: str,
    user_agent: str,
    revokes_tokens: bool,
) -> str:
    """Change a user's own password and end all their sessions; return a new session's secret.

    `revokes_tokens` revokes their tokens too. Raises NotSignedIn if `current` is wrong,
    TooManyAttempts, ChangedMeanwhile if the session has ended, and ClaimBookError if `new` is weak.
    """
    credentials = verify_password(identity.actor, current, address=address, actor=identity.actor)
    new_hash = hash_new_password(new, [credentials.email, credentials.name])
    user = recheck_credentials(credentials)
    session = locked_row(select(UserSession).where(UserSession.id == identity.session_id))
    if session.ended_at is not None:
        raise ChangedMeanwhile("You have been signed out in the meantime. Sign in again.")
    store_password(user, new_hash, by="its owner")
    if revokes_tokens:
        revoke_tokens(user)
    return start_session(user, user_agent)


def link_owner(secret: str) -> Row[Any]:
    """Return (id, email, name) of the user of a password link; raises LinkExpired."""
    with separate_read() as connection:
        row = connection.execute(select_link_owner(secret)).one_or_none()
    if row is None:
        raise LinkExpired
    return row


def set_password_by_link(secret: str, password: str) -> User:
    """Set a password by a one-time link; end the user's sessions, tokens and failed attempts.

    Raises LinkExpired, and ClaimBookError if the password is weak.
    """
    owner = link_owner(secret)
    new_hash = hash_new_password(password, [owner.email, owner.name])
    user: User = locked_row(select(User).where(User.id == owner.id))
    if not delete_links(user, secret):
        raise LinkExpired
    store_password(user, new_hash, by="a link")
    revoke_tokens(user)
    forget_attempts(user.email_key)
    return user
