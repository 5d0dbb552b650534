"""The instants that a migration may bring: before now, and before the book's own first entry."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flaskr.imports.dry_run.claim_entries import RowRefused

_Row = Mapping[str, Any]


def check_instant(recorded_at: datetime | None, now: datetime, first: datetime | None) -> None:
    """Raise RowRefused for an instant in the future, or after the book's own first entry.

    `first` is when the book posted that entry itself; None when it has posted none.
    """
    if recorded_at is None:
        return
    if recorded_at > now:
        raise RowRefused("recorded_at", "This is in the future. Correct it.")
    if first and recorded_at >= first:
        raise RowRefused(
            "recorded_at",
            "This is not before the first entry that was posted in this book, at "
            f"{first.isoformat(timespec='seconds')}. A migration brings what was recorded before "
            "it; record later events in the book.",
        )


def check_entry_instants(row: _Row, zone: ZoneInfo, now: datetime) -> date:
    """Return the day on which an entry was recorded.

    Raises RowRefused unless it was recorded after its claim, and is not dated in the future.
    """
    day: date = row["recorded_at"].astimezone(zone).date()
    claim_at = row["claim_recorded_at"]
    if claim_at and row["recorded_at"] < claim_at:
        text = f"The claim itself was recorded later, at {claim_at.isoformat()}."
        raise RowRefused("recorded_at", f"{text} Correct one of them.")
    if row["recorded_date"] and row["recorded_date"] != day:
        text = f"In the book's time zone it was recorded on {day}."
        raise RowRefused("recorded_date", f"{text} Correct the day or the instant.")
    if row["transaction_date"] > now.astimezone(zone).date():
        raise RowRefused("transaction_date", "This is in the future. Correct it.")
    return day
