"""Queries of the audit trail: the history of one object, and the trail's watermark."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, cast, func, select

from flaskr.audit.filters import event_rows
from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.presenters import Change, changes_of
from flaskr.extensions import db

_HISTORY_EVENTS = 20


@dataclass(frozen=True)
class History:
    """The last events of one object, newest first, each with its changes."""

    kind: Subject
    subject: str
    events: list[tuple[Any, list[Change]]]
    has_more: bool


def history_of(kind: Subject, subject: str, excluding: Collection[Action] = ()) -> History:
    """Return the last 20 events of one object, without the actions in `excluding`."""
    events = event_rows().where(AuditEvent.subject_kind == kind, AuditEvent.subject == subject)
    events = events.where(AuditEvent.action.not_in(excluding)) if excluding else events
    newest = events.order_by(AuditEvent.id.desc()).limit(_HISTORY_EVENTS + 1)
    rows = list(db.session.execute(newest))
    shown = [(row, changes_of(row.before, row.after)) for row in rows[:_HISTORY_EVENTS]]
    return History(kind, subject, shown, len(rows) > _HISTORY_EVENTS)


def trail_watermark() -> Select[Any]:
    """Select the highest event id, the number of events, and when the last was recorded.

    On PostgreSQL a lower id may be committed after a higher one; then only the count changes. In a
    book that was put back to an older copy the same number of events ends at another instant.
    """
    highest = func.coalesce(func.max(AuditEvent.id), 0).label(AuditEvent.__tablename__)
    last = func.coalesce(cast(func.max(AuditEvent.recorded_at), String), "").label("last_at")
    columns: list[Any] = [highest, func.count().label("events"), last]
    return select(*columns)
