"""The instant of a commit: now, or the book's last instant if the clock has been set back since."""

from datetime import datetime
from typing import Any

from flaskr.extensions import db
from flaskr.values.calendar import stored_in_utc, utc_now

# The instant of the newest row of each table; a migrated one has the instant of its migration.
_NEWEST = {
    "ledger_entries": "coalesce(imported_at, recorded_at)",
    "claims": "recorded_at",
    "policies": "recorded_at",
    "claim_revisions": "replaced_at",
    "policy_revisions": "replaced_at",
    "imports": "recorded_at",
    "live_declarations": "recorded_at",
    "closings": "recorded_at",
}
_LATEST = " UNION ALL ".join(
    f"SELECT {instant} AS at FROM {table} WHERE id = (SELECT max(id) FROM {table})"  # noqa: S608
    for table, instant in _NEWEST.items()
)


def next_instant() -> datetime:
    """Return the instant of what is about to be recorded.

    Call it with the ledger locked, so that ids, instants and commits are in the same order.
    """
    db.session.flush()
    return instant_after_last(db.session.connection().connection.driver_connection)


def instant_after_last(connection: Any) -> datetime:
    """Return now, but not before the last instant in the book; takes the driver's connection."""
    (latest,) = connection.execute(f"SELECT max(at) FROM ({_LATEST}) AS latest").fetchone()  # noqa: S608
    return max(utc_now(), stored_in_utc(latest) or utc_now())
