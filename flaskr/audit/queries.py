"""Queries of the audit trail: the events of a file, its watermark, and counted refusals."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, case, cast, func, select

from flaskr.audit.filters import event_rows
from flaskr.audit.models import Action, AuditEvent, RefusalCount, Subject
from flaskr.extensions import db
from flaskr.values.calendar import day_end, local_day

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


def counted_statuses() -> list[int]:
    """Return the statuses of the counted refusals, in order."""
    statuses = select(RefusalCount.status).distinct().order_by(RefusalCount.status)
    return list(db.session.scalars(statuses))


def refusals_by_day(status: int | None) -> Sequence[Row[Any]]:
    """Return (day, status, page, refusals) of the counted refusals, the latest day first."""
    first = db.session.scalar(select(func.min(RefusalCount.minute)))
    last = db.session.scalar(select(func.max(RefusalCount.minute)))
    if first is None or last is None:
        return []
    start, end = local_day(first), local_day(last)
    days = (start + timedelta(days=number) for number in range((end - start).days + 1))
    ends = ((RefusalCount.minute < day_end(day), day.isoformat()) for day in days)
    return _refusals(case(*ends), status)


def refusals_by_minute(day: date, status: int | None, limit: int) -> Sequence[Row[Any]]:
    """Return (minute, status, page, refusals) of one day, the latest minute first."""
    of_day = RefusalCount.minute >= day_end(day - timedelta(days=1))
    conditions = (of_day, RefusalCount.minute < day_end(day))
    return _refusals(RefusalCount.minute.expression, status, *conditions, limit=limit)


def _refusals(
    when: ColumnElement[Any],
    status: int | None,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
) -> Sequence[Row[Any]]:
    """Return counted refusals by when they were, the latest first, the most frequent first."""
    if status:
        conditions = (*conditions, RefusalCount.status == status)
    columns = (when.label("refused"), RefusalCount.status, RefusalCount.page, RefusalCount.count)
    counted = select(*columns).where(*conditions).subquery().c
    key, refusals = (counted.refused, counted.status, counted.page), func.sum(counted.count)
    rows = select(*key, refusals.label("refusals")).group_by(*key)
    order = (counted.refused.desc(), refusals.desc(), counted.status, counted.page)
    ordered: Select[Any] = rows.order_by(*order).limit(limit)
    return db.session.execute(ordered).all()
