"""Queries of the audit trail: the events of a file, and the trail's watermark."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, String, cast, func, select

from flaskr.audit.filters import event_rows
from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.extensions import db

# By these a file, or the manifest that describes it, leaves the book or is kept in it.
_HANDED_OUT = (
    Action.FILE_EXPORTED,
    Action.MANIFEST_READ,
    Action.BOOK_EXPORTED,
    Action.EXPORT_KEPT,
    Action.KEPT_EXPORT_READ,
)


def events_of_file(sha256: str) -> Select[Any]:
    """Select the events by which a file with this SHA-256 was handed out or kept, oldest first."""
    is_of_file = AuditEvent.after.contains(f'"sha256": "{sha256}"', autoescape=True)
    handed_out = event_rows().where(AuditEvent.action.in_(_HANDED_OUT), is_of_file)
    return handed_out.order_by(AuditEvent.id)


def keeping_event(subjects: Collection[str]) -> Select[Any]:
    """Select the event by which an export was kept under a name, which is never reused.

    `subjects` are the name of its folder and, for events of earlier versions, its own.
    """
    is_kept = AuditEvent.action == Action.EXPORT_KEPT
    of_name = (AuditEvent.subject_kind == Subject.FILE, AuditEvent.subject.in_(subjects))
    return event_rows().where(*of_name, is_kept).order_by(AuditEvent.id)


def trail_beginning() -> Select[Any]:
    """Select the instant of the trail's first event."""
    return select(AuditEvent.recorded_at).order_by(AuditEvent.id).limit(1)


def last_event_id() -> int:
    """Return the id of the trail's last event; 0 for none."""
    return db.session.scalar(select(func.max(AuditEvent.id))) or 0


def trail_watermark() -> Select[Any]:
    """Select the highest event id, the number of events, and when the last was recorded.

    On PostgreSQL a lower id may be committed after a higher one; then only the count changes. In a
    book that was put back to an older copy the same number of events ends at another instant.
    """
    highest = func.coalesce(func.max(AuditEvent.id), 0).label(AuditEvent.__tablename__)
    last = func.coalesce(cast(func.max(AuditEvent.recorded_at), String), "").label("last_at")
    columns: list[Any] = [highest, func.count().label("events"), last]
    return select(*columns)
