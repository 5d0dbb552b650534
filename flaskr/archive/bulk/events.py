"""Record an event of the trail in a transaction outside the session."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from flaskr.archive.bulk.connections import placeholder, stored_instant
from flaskr.audit.services import json_of


def insert_event(
    connection: Any,
    event: Mapping[str, Any],
    *,
    subject: str,
    recorded_at: datetime,
    after: Mapping[str, Any],
) -> None:
    """Insert an event through the driver's own connection, with the facts known after the work.

    `event` is what `flaskr.audit.services.event_values` returned before it.
    """
    at = stored_instant(connection, recorded_at)
    row = {**event, "subject": subject, "recorded_at": at, "after": json_of(after)}
    values = [value.value if isinstance(value, Enum) else value for value in row.values()]
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join([placeholder(connection)] * len(row))
    connection.execute(f"INSERT INTO audit_events ({names}) VALUES ({marks})", values)  # noqa: S608
