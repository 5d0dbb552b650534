"""Add and change users, make password links, store passwords, and sign users out."""

import re
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import CHANGED, record
from flaskr.database.transactions import locked_row
from flaskr.errors import ChangedMeanwhile, ClaimBookError, TextError
from flaskr.extensions import db
from flaskr.users.models import PasswordLink, Role, User
from flaskr.users.queries import other_administrator_count, user_with_email
from flaskr.users.sessions.secrets import new_secret, secret_digest
from flaskr.users.sessions.services import end_sessions, revoke_tokens
from flaskr.values.calendar import utc_now
from flaskr.values.text import clean_name, clean_reference, reference_key

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_NO_EMAIL = "An e-mail address can have 1 to 64 characters, and none of / \\ ? #."
_LINK_LIFETIME = timedelta(hours=24)


class _UserError(ClaimBookError):
    """A user that cannot be added or changed like this."""


class LinkExpired(ClaimBookError):
    """A password link that was used or replaced, or has expired."""

    status = 410

    def __init__(self) -> None:
        """Say how to get a new link."""
        super().__init__(
            "This link has been used, or has expired. Ask an administrator for a new one."
        )


def clean_email(text: str) -> str:
    """Return an e-mail address as typed; raises ClaimBookError if it is not one."""
    try:
        email = clean_reference(text)
    except TextError as error:
        raise _UserError(_NO_EMAIL) from error
    if "/" in email:
        raise _UserError(_NO_EMAIL)
    if not _EMAIL.fullmatch(email):
        raise _UserError(f"“{email}” is not an e-mail address.")
    return email


def create_user(email: str, name: str, role: Role, *, actor: str) -> User:
    """Add a user, who can sign in after setting a password by a link."""
    email = clean_email(email)
    if user_with_email(email):
        raise _UserError(f"There is already a user {email}.")
    user = User(
        email=email,
        email_key=reference_key(email),
        name=clean_name(name),
        role=role,
        is_active=True,
        made_at=utc_now(),
        version=1,
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody else added the user after our check
        raise _UserError(f"There is already a user {email}.") from error
    record(Action.USER_CREATED, Subject.USER, email, actor=actor, after={"role": role})
    return user


def change_user(
    user: User, *, name: str, role: Role, is_active: bool, seen_version: int, actor: str
) -> User:
    """Change a user's name, role, or whether they may sign in; the latter two end their sessions.

    Raises ChangedMeanwhile, and ClaimBookError if no administrator would be left.
    """
    administrators = select(User.id).where(User.role == Role.ADMINISTRATOR)
    # Locked, so that two changes at the same time cannot remove the last administrator.
    db.session.execute(administrators.order_by(User.id).with_for_update())
    user = locked_row(select(User).where(User.id == user.id))
    if user.version != seen_version:
        raise ChangedMeanwhile(f"{user.email} was changed by somebody else. Look at it again.")
    was_administrator = user.role is Role.ADMINISTRATOR and user.is_active
    stays_administrator = role is Role.ADMINISTRATOR and is_active
    if was_administrator and not stays_administrator and not other_administrator_count(user):
        raise _UserError("This is the last administrator: add another one first.")
    before = {"name": user.name, "role": user.role, "is_active": user.is_active}
    after = {"name": clean_name(name), "role": role, "is_active": is_active}
    changed = [field for field in before if before[field] != after[field]]
    if not changed:
        return user
    for field in changed:
        setattr(user, field, after[field])
    user.version += 1
    if changed != ["name"]:
        end_sessions(user)
        delete_links(user)
    recorded = [field for field in changed if field != "name"]
    name_changed = {"name": CHANGED} if "name" in changed else {}
    record(
        Action.USER_CHANGED,
        Subject.USER,
        user.email,
        actor=actor,
        before={field: before[field] for field in recorded},
        after={field: after[field] for field in recorded} | name_changed,
    )
    return user


def make_link(user: User, *, actor: str) -> str:
    """Make a one-time link by which a user sets their password, and return its secret.

    It is valid for 24 hours, and replaces an earlier link.
    """
    # one at a time, so that only one link remains
    user = locked_row(select(User).where(User.id == user.id))
    if not user.is_active:
        raise _UserError(f"{user.email} may not sign in; make them active first.")
    secret = new_secret()
    delete_links(user)
    link = PasswordLink(
        user_id=user.id, token_digest=secret_digest(secret), expires_at=utc_now() + _LINK_LIFETIME
    )
    db.session.add(link)
    record(Action.LINK_MADE, Subject.USER, user.email, actor=actor)
    return secret


def delete_links(user: User, secret: str | None = None) -> bool:
    """Delete a user's links, or only the one with a secret; return whether there was any."""
    deletion = delete(PasswordLink).where(PasswordLink.user_id == user.id)
    if secret is not None:
        deletion = deletion.where(PasswordLink.token_digest == secret_digest(secret))
    return bool(db.session.execute(deletion.returning(PasswordLink.id)).all())


def store_password(user: User, new_hash: str, *, by: str) -> None:
    """Store a user's new password hash, end their sessions and delete their links."""
    user.password_hash = new_hash
    end_sessions(user)
    delete_links(user)
    record(Action.PASSWORD_SET, Subject.USER, user.email, actor=user.email, after={"by": by})


def sign_out_everywhere(user: User, *, actor: str) -> None:
    """End a user's sessions, delete their links and revoke their tokens."""
    end_sessions(user)
    delete_links(user)
    revoke_tokens(user)
    ended = {"sessions": "all", "tokens": "all"}
    record(Action.SESSION_ENDED, Subject.USER, user.email, actor=actor, after=ended)
