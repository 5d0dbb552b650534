"""Queries of the audit trail: the history of an object or a file, and the trail's watermark."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from flaskr.audit.filters import event_rows
from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.presenters import Change, changes_of
from flaskr.extensions import db

_HISTORY_EVENTS = 20
# By these a file, or the manifest that describes it, leaves the book or is kept in it.
_HANDED_OUT = (
    Action.FILE_EXPORTED,
    Action.MANIFEST_READ,
    Action.BOOK_EXPORTED,
    Action.EXPORT_KEPT,
    Action.KEPT_EXPORT_READ,
)


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


def events_of_file(sha256: str) -> Select[Any]:
    """Select the events by which a file with this SHA-256 was handed out or kept, oldest first."""
    is_of_file = AuditEvent.after.contains(f'"sha256": "{sha256}"', autoescape=True)
    handed_out = event_rows().where(AuditEvent.action.in_(_HANDED_OUT), is_of_file)
    return handed_out.order_by(AuditEvent.id)


def keeping_event(name: str) -> Select[Any]:
    """Select the event by which an export was kept under a name, which is never reused."""
    is_kept = AuditEvent.action == Action.EXPORT_KEPT
    of_name = (AuditEvent.subject_kind == Subject.FILE, AuditEvent.subject == name)
    return event_rows().where(*of_name, is_kept).order_by(AuditEvent.id)


def trail_beginning() -> Select[Any]:
    """Select the instant of the trail's first event."""
    return select(AuditEvent.recorded_at).order_by(AuditEvent.id).limit(1)


def trail_watermark() -> Select[Any]:
    """Select the highest event id and the number of events: they change with every new event.

    On PostgreSQL a lower id may be committed after a higher one; then only the count changes.
    """
    highest = func.coalesce(func.max(AuditEvent.id), 0).label(AuditEvent.__tablename__)
    columns: list[Any] = [highest, func.count().label("events")]
    return select(*columns)
