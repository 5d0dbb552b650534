"""What a user is told about their account: the last sign-in, and what others did to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.extensions import db
from flaskr.values.calendar import utc_now
from flaskr.web.template_filters import format_instant

_FAILURES = (Action.SIGN_IN_FAILED, Action.CODE_FAILED)
_BY_OTHERS = {
    Action.LINK_MADE: "made a link to set your password",
    Action.SECOND_FACTOR_REMOVED: "removed your second factor",
}
_SHOWN = (
    *_BY_OTHERS,
    *_FAILURES,
    Action.SIGNED_IN,
    Action.PASSWORD_SET,
    Action.SECOND_FACTOR_SET,
    Action.RECOVERY_CODES_MADE,
    Action.RECOVERY_CODE_USED,
    Action.TOKEN_MADE,
    Action.USER_CHANGED,
)
_NEW_BROWSER = timedelta(days=30)  # how far back a browser without a mark is told
_MOST_EVENTS = 20
_MOST_NOTICES = 5


@dataclass(frozen=True)
class Notice:
    """A sentence for a page, and whether it is only information or a warning."""

    text: str
    category: str = "info"


def sign_in_notices(email: str, last_here: datetime | None) -> list[Notice]:
    """Return what to tell a user who signs in, before this sign-in is recorded.

    `last_here` is when they last signed in with this browser. What others did is told since then,
    not since the last sign-in: that may have been of somebody who used the link.
    """
    since = last_here or utc_now() - _NEW_BROWSER
    by_others = _events_of(email, tuple(_BY_OTHERS)).where(
        AuditEvent.actor != email, AuditEvent.recorded_at >= since
    )
    warnings = [
        Notice(
            f"{event.actor} {_BY_OTHERS[event.action]} on {format_instant(event.recorded_at)}. "
            "If you did not ask for it, tell another administrator.",
            "warning",
        )
        for event in db.session.scalars(by_others.limit(_MOST_NOTICES))
    ]
    return [*_last_sign_in(email), *warnings]


def _last_sign_in(email: str) -> list[Notice]:
    """Return the notice of the last sign-in and of the failed attempts since; none at the first."""
    last = db.session.scalar(_events_of(email, (Action.SIGNED_IN,)).limit(1))
    if last is None:
        return []
    text = f"You last signed in on {format_instant(last.recorded_at)} from {last.address}."
    since = select(func.count()).where(*_about(email, _FAILURES), AuditEvent.id > last.id)
    failed = db.session.scalar(since) or 0
    if not failed:
        return [Notice(text)]
    attempts = "1 attempt has" if failed == 1 else f"{failed} attempts have"
    return [Notice(f"{text} Since then {attempts} failed.", "warning")]


def account_events(email: str) -> Sequence[AuditEvent]:
    """Return the latest events about who can sign in as a user, the newest first."""
    return db.session.scalars(_events_of(email, _SHOWN).limit(_MOST_EVENTS)).all()


def _events_of(email: str, actions: tuple[Action, ...]) -> Select[AuditEvent]:
    """Select the events about a user, the newest first."""
    return select(AuditEvent).where(*_about(email, actions)).order_by(AuditEvent.id.desc())


def _about(email: str, actions: tuple[Action, ...]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of events about a user."""
    return (
        AuditEvent.subject_kind == Subject.USER,
        AuditEvent.subject == email,
        AuditEvent.action.in_(actions),
    )
