"""Whether the book, as it is under the lock, still takes a plan's instants and days."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from flaskr.archive.bulk.connections import stored_instant
from flaskr.imports.loading.checks import execute
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.imports.plan import plan_batches
from flaskr.imports.tasks import ImportRefused
from flaskr.values.calendar import stored_in_utc

_WITH_INSTANTS = ("policies_created", "claims_created", "entries")


def check_migrated_instants(connection: Any, plan: Path) -> None:
    """Raise PlanOutdated unless a migration's instants lie before the book's own first entry."""
    first = _first_posted_at(connection)
    if first and any(instant >= first for instant in _latest_instants(plan)):
        raise PlanOutdated(
            "The book has posted its own first entry since the dry run, and a migration only "
            "brings what was recorded before it. Nothing was written; check the new dry run."
        )


def _latest_instants(plan: Path) -> list[datetime]:
    """Return the latest instant in each batch of a plan."""
    latest = (
        pc.max(batch.column("recorded_at")).as_py()
        for name in _WITH_INSTANTS
        for batch in plan_batches(plan, name)
    )
    return [instant for instant in latest if instant]


def _first_posted_at(connection: Any) -> datetime | None:
    """Return when the book posted its own first entry; None when it has posted none."""
    (at,) = execute(connection, "SELECT first_posted_at FROM book").fetchone()
    return stored_in_utc(at)


def check_open_day(connection: Any, day: date) -> None:
    """Raise ImportRefused when the day of an import's entries is in a closed period."""
    (last,) = execute(connection, "SELECT max(closed_through) FROM closings").fetchone()
    if last and str(last) >= str(day):
        raise ImportRefused(
            f"The books are closed through {last}, and the entries would be dated {day}. Check the "
            "machine's clock."
        )


def keep_first_posting(connection: Any, recorded_at: datetime) -> None:
    """Keep the instant of the book's own first entry, unless it has one."""
    at = stored_instant(connection, recorded_at)
    execute(connection, "UPDATE book SET first_posted_at = ? WHERE first_posted_at IS NULL", at)
