"""Proving who one is: the same answer in the same time for an unknown person and a wrong password.

Passwords are looked at, and hashed, with no transaction open: on SQLite it would keep all other
writers waiting. What was looked at is compared again where it is written.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record, record_separately
from flaskr.database import locked, looking
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
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
    """An e-mail address and a password that do not go together."""


@dataclass(frozen=True)
class StoredCredentials:
    """What is kept of a person, as it was looked at."""

    id: int
    email: str
    name: str
    password_hash: str | None
    is_active: bool


def _stored_credentials(email: str) -> StoredCredentials | None:
    """Return what is kept of the person of an e-mail address."""
    kept = select(User.id, User.email, User.name, User.password_hash, User.is_active)
    with looking() as connection:
        row = connection.execute(kept.where(User.email_key == lookup_key(email))).one_or_none()
    return StoredCredentials(**row._mapping) if row else None


def verify_password(
    email: str, password: str, *, address: str, actor: str = NOBODY
) -> StoredCredentials:
    """Return the person whose password it is, with the attempt counted until it is taken back.

    Raises NotSignedIn, without saying what was wrong, and TooManyAttempts.
    """
    begin_attempt(lookup_key(email), address)
    kept = _stored_credentials(email)
    is_right = is_correct_password(password, kept.password_hash if kept else None)
    if not (kept and is_right and kept.is_active):
        record_separately(
            Action.SIGN_IN_FAILED, Subject.USER, kept.email if kept else "", actor=actor
        )
        raise NotSignedIn("The e-mail address or the password is not right.")
    return kept


def recheck_credentials(kept: StoredCredentials) -> User:
    """Return a person to be written, as they were when looked at; their failures are forgotten.

    Raises NotSignedIn when the password, or the right to sign in, has changed since.
    """
    user: User = locked(select(User).where(User.id == kept.id))
    if not user.is_active or user.password_hash != kept.password_hash:
        raise NotSignedIn("The e-mail address or the password is not right.")
    db.session.execute(forget_attempts(user.email_key))
    return user


def start_session_with_password(email: str, password: str, *, address: str, program: str) -> str:
    """Begin a session, and return the secret of its cookie.

    Raises NotSignedIn, without saying what was wrong, and TooManyAttempts.
    """
    kept = verify_password(email, password, address=address)
    better = hash_password(password) if is_outdated_hash(kept.password_hash or "") else None
    user = recheck_credentials(kept)
    user.password_hash = better or user.password_hash
    secret = start_session(user, program)
    record(Action.SIGNED_IN, Subject.USER, user.email, actor=user.email)
    return secret


def replace_password(
    asking: Identity, present: str, new: str, *, address: str, program: str, revokes: bool
) -> str:
    """Change one's own password, end all sessions, and begin one anew: its secret is returned.

    `revokes` ends tokens too. Raises NotSignedIn for a wrong present password, TooManyAttempts,
    WeakPassword, and ChangedMeanwhile when the session has ended since.
    """
    kept = verify_password(asking.actor, present, address=address, actor=asking.actor)
    new_hash = hash_new_password(new, [kept.email, kept.name])
    user = recheck_credentials(kept)
    session = locked(select(UserSession).where(UserSession.id == asking.session_id))
    if session.ended_at is not None:
        raise ChangedMeanwhile("You have been signed out in the meantime. Sign in again.")
    store_password(user, new_hash, by="its owner")
    if revokes:
        revoke_tokens(user)
    return start_session(user, program)


def link_owner(secret: str) -> Row[Any]:
    """Return (id, email, name) of whose password a link sets; raises LinkOver."""
    with looking() as connection:
        row = connection.execute(select_link_owner(secret)).one_or_none()
    if row is None:
        raise LinkExpired(LinkExpired.SAID)
    return row


def set_password_by_link(secret: str, password: str) -> User:
    """Set a password by a link, once; sessions, tokens and failures of before are over.

    Raises LinkOver, and WeakPassword while it can be guessed.
    """
    person = link_owner(secret)
    new_hash = hash_new_password(password, [person.email, person.name])
    user: User = locked(select(User).where(User.id == person.id))
    if not delete_links(user, secret):
        raise LinkExpired(LinkExpired.SAID)
    store_password(user, new_hash, by="a link")
    revoke_tokens(user)
    db.session.execute(forget_attempts(user.email_key))
    return user
