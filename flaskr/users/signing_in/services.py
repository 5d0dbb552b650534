"""Verify passwords, start sessions, and change passwords.

An unknown user and a wrong password get the same answer after the same time. Passwords are
verified and hashed outside transactions, because on SQLite that would block all other writers; the
credentials are checked again when they are written.
"""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import Row, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record, record_separately
from flaskr.database.transactions import locked_row, separate_read
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
from flaskr.users.sessions.identities import HAS_SECOND_FACTOR, NOBODY, Identity
from flaskr.users.sessions.secrets import keyed_digest
from flaskr.users.sessions.services import revoke_tokens, start_session
from flaskr.users.signing_in.devices import Device
from flaskr.users.signing_in.notices import Notice, sign_in_notices
from flaskr.users.signing_in.throttling import (
    SESSION,
    Attempt,
    begin_attempt,
    forget_attempts,
    forget_attempts_at,
)
from flaskr.values.text import lookup_key

_WRONG = "The e-mail address or the password is not right."


class NotSignedIn(ClaimBookError):
    """A wrong e-mail address or password."""

    is_in_trail = True


class _UnknownUser(NotSignedIn):
    """An unknown address, which is only counted: anybody can try any number of them."""

    is_in_trail = False


@dataclass(frozen=True)
class StoredCredentials:
    """A user's stored credentials, as they were when the password was verified in an attempt."""

    id: int
    email: str
    name: str
    password_hash: str | None
    is_active: bool
    has_second_factor: bool
    attempt: Attempt

    @property
    def password_proof(self) -> str:
        """What changes with the password; it may leave the server."""
        return proof_of(self.password_hash)


@dataclass(frozen=True)
class SignedIn:
    """A user who has signed in: the secret for the cookie, and what to tell them."""

    email: str
    secret: str
    notices: list[Notice]


def proof_of(password_hash: str | None) -> str:
    """Return a digest that changes with a password's hash."""
    return keyed_digest(f"proof:{password_hash}")


def _stored_credentials(email: str, attempt: Attempt) -> StoredCredentials | None:
    """Return the credentials of the user with an e-mail address."""
    columns = select(
        User.id,
        User.email,
        User.name,
        User.password_hash,
        User.is_active,
        HAS_SECOND_FACTOR,
    )
    with separate_read() as connection:
        row = connection.execute(columns.where(User.email_key == lookup_key(email))).one_or_none()
    return StoredCredentials(**row._mapping, attempt=attempt) if row else None


def verify_password(
    email: str, password: str, *, address: str, device: str = "", actor: str = NOBODY
) -> StoredCredentials:
    """Verify a password, and return the user's credentials.

    The attempt counts as failed until `recheck_credentials`. Raises NotSignedIn, without saying
    what was wrong, and TooManyAttempts.
    """
    attempt = begin_attempt(lookup_key(email), address, device)
    credentials = _stored_credentials(email, attempt)
    is_right = is_correct_password(password, credentials.password_hash if credentials else None)
    if credentials is None:
        raise _UnknownUser(_WRONG)
    if not (is_right and credentials.is_active):
        record_separately(Action.SIGN_IN_FAILED, Subject.USER, credentials.email, actor=actor)
        raise NotSignedIn(_WRONG)
    return credentials


def verify_own_password(identity: Identity, password: str, *, address: str) -> StoredCredentials:
    """Verify the password of a signed-in user, whose session is a known device."""
    return verify_password(
        identity.actor,
        password,
        address=address,
        device=device_of_session(identity),
        actor=identity.actor,
    )


def device_of_session(identity: Identity) -> str:
    """Return the name that attempts within a session are counted by."""
    return f"{SESSION}{identity.session_name}"


def recheck_credentials(credentials: StoredCredentials) -> User:
    """Lock the user and delete their failed attempts; return the user.

    Raises NotSignedIn if the password, or the right to sign in, has changed since it was verified.
    """
    user: User = locked_row(select(User).where(User.id == credentials.id))
    if not user.is_active or user.password_hash != credentials.password_hash:
        raise NotSignedIn(_WRONG)
    forget_attempts(credentials.attempt.counted_as)
    return user


def sign_in_with_password(
    credentials: StoredCredentials, password: str, *, device: Device, user_agent: str
) -> SignedIn:
    """Sign in a user without a second factor, whose password was verified.

    Raises NotSignedIn if the credentials have changed, or a second factor was set up meanwhile.
    """
    is_outdated = is_outdated_hash(credentials.password_hash or "")
    new_hash = hash_password(password) if is_outdated else None
    user = recheck_credentials(credentials)
    if db.session.scalar(select(HAS_SECOND_FACTOR).where(User.id == user.id)):
        raise NotSignedIn(_WRONG)
    user.password_hash = new_hash or user.password_hash
    return complete_sign_in(user, device=device, user_agent=user_agent)


def complete_sign_in(
    user: User, *, device: Device, user_agent: str, second_factor: str = ""
) -> SignedIn:
    """Start the session of a user who has proved who they are, and record it."""
    notices = sign_in_notices(user.email, device.signed_in_at)
    secret = start_session(user, user_agent)
    after = {"second_factor": second_factor} if second_factor else None
    record(Action.SIGNED_IN, Subject.USER, user.email, actor=user.email, after=after)
    return SignedIn(user.email, secret, notices)


def lock_own_session(identity: Identity) -> None:
    """Lock the session of a signed-in user; raises ChangedMeanwhile if it has ended."""
    session = locked_row(select(UserSession).where(UserSession.id == identity.session_id))
    if session.ended_at is not None:
        raise ChangedMeanwhile("You have been signed out in the meantime. Sign in again.")


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
    credentials = verify_own_password(identity, current, address=address)
    new_hash = hash_new_password(new, _personal_words(credentials.email, credentials.name))
    user = recheck_credentials(credentials)
    lock_own_session(identity)
    store_password(user, new_hash, by="its owner")
    if revokes_tokens:
        revoke_tokens(user)
    return start_session(user, user_agent)


def _personal_words(email: str, name: str) -> list[str]:
    """Return what others know of a user: e-mail, name, and where their book is."""
    return [email, name, *current_app.config["TRUSTED_NAMES"]]


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
    new_hash = hash_new_password(password, _personal_words(owner.email, owner.name))
    user: User = locked_row(select(User).where(User.id == owner.id))
    if not delete_links(user, secret):
        raise LinkExpired
    store_password(user, new_hash, by="a link")
    revoke_tokens(user)
    forget_attempts_at(user.email_key)
    return user
