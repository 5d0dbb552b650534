"""Signing in: the same answer in the same time for an unknown person and for a wrong password."""

from flaskr.database import looking
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.text import lookup_key
from flaskr.trail.models import Action, Subject
from flaskr.trail.services import record, record_apart
from flaskr.users.identities import NOBODY
from flaskr.users.models import User
from flaskr.users.passwords import MOST_CHARACTERS, hash_of, is_outdated, is_password
from flaskr.users.session_services import start_session
from flaskr.users.throttling import begin_attempt, forget_attempts


class NotSignedIn(ClaimBookError):
    """An e-mail address and a password that do not go together."""


def sign_in(email: str, password: str, *, address: str, program: str) -> str:
    """Begin a session, and return the secret of its cookie.

    Raises NotSignedIn, without saying what was wrong, and TooManyAttempts.
    """
    attempt = begin_attempt(lookup_key(email), address)
    found = kept_of(email)
    # No transaction is open meanwhile: on SQLite it would keep all other writers waiting.
    is_right = is_password(password[:MOST_CHARACTERS], found and found[1])
    if not (found and is_right and found[2]):
        subject = found[0] if found else ""
        record_apart(Action.SIGN_IN_FAILED, Subject.USER, subject, actor=NOBODY)
        raise NotSignedIn("The e-mail address or the password is not right.")
    user = db.session.scalars(db.select(User).where(User.email == found[0])).one()
    if is_outdated(found[1] or ""):
        user.password_hash = hash_of(password)
    db.session.execute(forget_attempts(attempt))
    secret = start_session(user, program)
    record(Action.SIGNED_IN, Subject.USER, user.email, actor=user.email)
    return secret


def kept_of(email: str) -> tuple[str, str | None, bool] | None:
    """Return a person's e-mail, password hash, and whether they may sign in."""
    kept = db.select(User.email, User.password_hash, User.is_active)
    with looking() as connection:
        row = connection.execute(kept.where(User.email_key == lookup_key(email))).one_or_none()
    return (row.email, row.password_hash, row.is_active) if row else None
