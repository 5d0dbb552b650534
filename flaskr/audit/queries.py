"""The watermark of the audit trail."""

from typing import Any

from sqlalchemy import Select, func, select

from flaskr.audit.models import AuditEvent


def trail_watermark() -> Select[Any]:
    """Select the highest event id and the number of events: they change with every new event.

    On PostgreSQL a lower id may be committed after a higher one; then only the count changes.
    """
    highest = func.coalesce(func.max(AuditEvent.id), 0).label(AuditEvent.__tablename__)
    columns: list[Any] = [highest, func.count().label("events")]
    return select(*columns)
