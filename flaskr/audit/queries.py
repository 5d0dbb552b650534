"""The watermark of the audit trail."""

from typing import Any

from sqlalchemy import Select, String, cast, func, select

from flaskr.audit.models import AuditEvent


def trail_watermark() -> Select[Any]:
    """Select the highest event id, the number of events, and when the last was recorded.

    On PostgreSQL a lower id may be committed after a higher one; then only the count changes. In a
    book that was put back to an older copy the same number of events ends at another instant.
    """
    highest = func.coalesce(func.max(AuditEvent.id), 0).label(AuditEvent.__tablename__)
    last = func.coalesce(cast(func.max(AuditEvent.recorded_at), String), "").label("last_at")
    columns: list[Any] = [highest, func.count().label("events"), last]
    return select(*columns)
