"""Proving who one is: the same answer in the same time for an unknown person and a wrong password.

Passwords are looked at, and hashed, with no transaction open: on SQLite it would keep all other
writers waiting. What was looked at is compared again where it is written.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record, record_apart
from flaskr.database import locked_row, separate_read
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.users.models import User, UserSession
from flaskr.users.passwords import hash_of, hash_of_new, is_outdated, is_password
from flaskr.users.queries import user_of_link
from flaskr.users.services import LinkOver, end_links, write_password
from flaskr.users.sessions.identities import NOBODY, Identity
from flaskr.users.sessions.services import revoke_tokens, start_session
from flaskr.users.signing_in.throttling import begin_attempt, forget_attempts
from flaskr.values.text import lookup_key


class NotSignedIn(ClaimBookError):
    """An e-mail address and a password that do not go together."""


@dataclass(frozen=True)
class Kept:
    """What is kept of a person, as it was looked at."""

    id: int
    email: str
    name: str
    password_hash: str | None
    is_active: bool


def _kept_of(email: str) -> Kept | None:
    """Return what is kept of the person of an e-mail address."""
    kept = select(User.id, User.email, User.name, User.password_hash, User.is_active)
    with separate_read() as connection:
        row = connection.execute(kept.where(User.email_key == lookup_key(email))).one_or_none()
    return Kept(**row._mapping) if row else None


def proven(email: str, password: str, *, address: str, actor: str = NOBODY) -> Kept:
    """Return the person whose password it is, with the attempt counted until it is taken back.

    Raises NotSignedIn, without saying what was wrong, and TooManyAttempts.
    """
    begin_attempt(lookup_key(email), address)
    kept = _kept_of(email)
    is_right = is_password(password, kept.password_hash if kept else None)
    if not (kept and is_right and kept.is_active):
        record_apart(Action.SIGN_IN_FAILED, Subject.USER, kept.email if kept else "", actor=actor)
        raise NotSignedIn("The e-mail address or the password is not right.")
    return kept


def as_proven(kept: Kept) -> User:
    """Return a person to be written, as they were when looked at; their failures are forgotten.

    Raises NotSignedIn when the password, or the right to sign in, has changed since.
    """
    user: User = locked_row(select(User).where(User.id == kept.id))
    if not user.is_active or user.password_hash != kept.password_hash:
        raise NotSignedIn("The e-mail address or the password is not right.")
    db.session.execute(forget_attempts(user.email_key))
    return user


def sign_in(email: str, password: str, *, address: str, program: str) -> str:
    """Begin a session, and return the secret of its cookie.

    Raises NotSignedIn, without saying what was wrong, and TooManyAttempts.
    """
    kept = proven(email, password, address=address)
    better = hash_of(password) if is_outdated(kept.password_hash or "") else None
    user = as_proven(kept)
    user.password_hash = better or user.password_hash
    secret = start_session(user, program)
    record(Action.SIGNED_IN, Subject.USER, user.email, actor=user.email)
    return secret


def change_password(
    asking: Identity, present: str, new: str, *, address: str, program: str, revokes: bool
) -> str:
    """Change one's own password, end all sessions, and begin one anew: its secret is returned.

    `revokes` ends tokens too. Raises NotSignedIn for a wrong present password, TooManyAttempts,
    WeakPassword, and ChangedMeanwhile when the session has ended since.
    """
    kept = proven(asking.actor, present, address=address, actor=asking.actor)
    new_hash = hash_of_new(new, [kept.email, kept.name])
    user = as_proven(kept)
    session = locked_row(select(UserSession).where(UserSession.id == asking.session_id))
    if session.ended_at is not None:
        raise ChangedMeanwhile("You have been signed out in the meantime. Sign in again.")
    write_password(user, new_hash, by="its owner")
    if revokes:
        revoke_tokens(user)
    return start_session(user, program)


def person_of_link(secret: str) -> Row[Any]:
    """Return (id, email, name) of whose password a link sets; raises LinkOver."""
    with separate_read() as connection:
        row = connection.execute(user_of_link(secret)).one_or_none()
    if row is None:
        raise LinkOver(LinkOver.SAID)
    return row


def set_password_by_link(secret: str, password: str) -> User:
    """Set a password by a link, once; sessions, tokens and failures of before are over.

    Raises LinkOver, and WeakPassword while it can be guessed.
    """
    person = person_of_link(secret)
    new_hash = hash_of_new(password, [person.email, person.name])
    user: User = locked_row(select(User).where(User.id == person.id))
    if not end_links(user, secret):
        raise LinkOver(LinkOver.SAID)
    write_password(user, new_hash, by="a link")
    revoke_tokens(user)
    db.session.execute(forget_attempts(user.email_key))
    return user
