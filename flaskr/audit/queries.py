"""What the trail tells of one thing."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from flaskr.audit.filters import event_rows
from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.presenters import Change, changes_of
from flaskr.extensions import db

_SHOWN_EVENTS = 20


@dataclass(frozen=True)
class History:
    """The last events of one thing, newest first, each with what it changed."""

    kind: Subject
    subject: str
    events: list[tuple[Any, list[Change]]]
    has_more: bool


def history_of(kind: Subject, subject: str, besides: Collection[Action] = ()) -> History:
    """Return the last 20 events on one thing, but for some that are told elsewhere."""
    own = event_rows().where(AuditEvent.subject_kind == kind, AuditEvent.subject == subject)
    own = own.where(AuditEvent.action.not_in(besides)) if besides else own
    newest = own.order_by(AuditEvent.id.desc()).limit(_SHOWN_EVENTS + 1)
    found = list(db.session.execute(newest))
    shown = [(row, changes_of(row.before, row.after)) for row in found[:_SHOWN_EVENTS]]
    return History(kind, subject, shown, len(found) > _SHOWN_EVENTS)


def trail_mark() -> Select[Any]:
    """Select the highest number of an event and how many there are: how far the trail is.

    On PostgreSQL a lower number may be committed after a higher one; their count tells.
    """
    highest = func.coalesce(func.max(AuditEvent.id), 0).label(AuditEvent.__tablename__)
    columns: list[Any] = [highest, func.count().label("events")]
    return select(*columns)
