"""Checks of what is open to whom: the mode, people, second factors, tokens and links."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from flask import current_app
from sqlalchemy import Select, exists, func, select

from flaskr.audit.models import Action, AuditEvent
from flaskr.extensions import db
from flaskr.operations.doctor.findings import Finding
from flaskr.users.models import PasswordLink, Role, Scope, SecondFactor, Token, User
from flaskr.users.queries import all_users
from flaskr.values.calendar import utc_now


def check_access() -> Iterator[Finding]:
    """Who is served at all."""
    if current_app.config["BOOK_MODE"] == "open":
        yield Finding.look(
            "access",
            "The book is open: whoever uses this machine may do everything, without signing in.",
        )
    else:
        hosts = ", ".join(current_app.config["TRUSTED_NAMES"])
        yield Finding.ok("access", f"People sign in, at {hosts}.")


def check_people() -> Iterator[Finding]:
    """How many people have which role, and who of them cannot be meant to."""
    if current_app.config["BOOK_MODE"] == "open":
        return
    active = [user for user in all_users() if user.is_active]
    counts = Counter(user.role for user in active)
    said = ", ".join(f"{counts[role]} {role}" for role in Role if counts[role])
    if counts[Role.ADMINISTRATOR]:
        yield Finding.ok("people", f"Those who may sign in: {said}.")
    else:
        yield Finding.wrong(
            "people", f"There is no administrator ({said or 'nobody'}). Run: flask users create"
        )
    if never := _count(_active().where(~_has_signed_in())):
        yield Finding.look("people", f"{never} of {len(active)} have never signed in.")


def check_second_factors() -> Iterator[Finding]:
    """How many people sign in by their password alone."""
    if current_app.config["BOOK_MODE"] == "open":
        return
    confirmed = SecondFactor.confirmed_at.is_not(None)
    has_factor = exists().where(SecondFactor.user_id == User.id, confirmed)
    if without := _count(_active().where(~has_factor)):
        yield Finding.look("second factor", f"Who sign in without a second factor: {without}.")
    else:
        yield Finding.ok("second factor", "Everybody who may sign in has a second factor.")


def check_tokens_and_links() -> Iterator[Finding]:
    """How many tokens are valid, and how many links to set a password are open."""
    if current_app.config["BOOK_MODE"] == "open":
        return
    valid = (
        _active()
        .join(Token, Token.user_id == User.id)
        .where(Token.revoked_at.is_(None), Token.expires_at > utc_now())
    )
    writing = _count(valid.where(Token.scope == Scope.WRITE))
    yield Finding.ok("tokens", f"Valid tokens: {_count(valid)}; of them may write: {writing}.")
    link = PasswordLink.user_id == User.id
    links = _count(_active().join(PasswordLink, link).where(PasswordLink.expires_at > utc_now()))
    if links:
        yield Finding.look("links", f"Open links by which somebody sets a password: {links}.")
    else:
        yield Finding.ok("links", "No link to set a password is open.")


def _active() -> Select[Any]:
    """Select the ids of those who may sign in."""
    return select(User.id).where(User.is_active)


def _has_signed_in() -> Any:
    """The condition that the trail knows that somebody signed in."""
    return exists().where(AuditEvent.actor == User.email, AuditEvent.action == Action.SIGNED_IN)


def _count(rows: Select[Any]) -> int:
    """Return how many rows a select has."""
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0
