"""What a loading makes sure of: that the plan still fits the book, and that all of it got there."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.errors import ClaimBookError
from flaskr.imports.loading_orders import PlanOutdated
from flaskr.imports.plans import BALANCES, plan_batches

# What came into the book after a watermark, and what of it a plan may have been made from.
SINCE = (
    ("claim_id", "ledger_entries", "SELECT DISTINCT claim_id FROM ledger_entries WHERE id > ?"),
    ("claim_id", "claim_revisions", "SELECT DISTINCT claim_id FROM claim_revisions WHERE id > ?"),
    (
        "policy_id",
        "policy_revisions",
        "SELECT DISTINCT policy_id FROM policy_revisions WHERE id > ?",
    ),
    ("claim_key", "claims", "SELECT claim_reference_key FROM claims WHERE id > ?"),
    ("policy_key", "policies", "SELECT policy_number_key FROM policies WHERE id > ?"),
)
LATEST = """SELECT max(at) FROM (
    SELECT max(recorded_at) AS at FROM claims WHERE id = (SELECT max(id) FROM claims)
    UNION ALL SELECT max(recorded_at) FROM policies WHERE id = (SELECT max(id) FROM policies)
    UNION ALL SELECT coalesce(imported_at, recorded_at) FROM ledger_entries
    WHERE id = (SELECT max(id) FROM ledger_entries)) AS latest"""


def execute(connection: Any, sql: str, *values: Any) -> Any:
    """Run a statement written with question marks on either driver."""
    if not isinstance(connection, sqlite3.Connection):
        sql = sql.replace("?", "%s")
    return connection.execute(sql, values)


def check_untouched(connection: Any, plan: Path, watermark: Mapping[str, int]) -> None:
    """Raise PlanOutdated when anything that the plan was made from has changed since.

    Called with the ledger locked: nothing more can come in.
    """
    came: dict[str, list[Any]] = {}
    for column, mark, sql in SINCE:
        rows = execute(connection, sql, watermark[mark]).fetchall()
        came.setdefault(column, []).extend(value for (value,) in rows)
    if not any(came.values()):
        return
    for batch in plan_batches(plan, "touched"):
        for column, values in came.items():
            touched = batch.column(column)
            if (
                values
                and pc.any(pc.is_in(touched.drop_null(), pa.array(values, touched.type))).as_py()
            ):
                raise PlanOutdated(
                    "The book has changed since the dry run, in rows that the file names. "
                    "Nothing was written; look at the new dry run."
                )


def latest_instant(connection: Any) -> datetime:
    """Return the last instant in the book: a clock that was set back goes on there."""
    (found,) = execute(connection, LATEST).fetchone()
    if found is None:
        return datetime.min.replace(tzinfo=UTC)
    if isinstance(found, str):  # SQLite keeps them as text, in UTC
        return datetime.fromisoformat(found).replace(tzinfo=UTC)
    return found.astimezone(UTC)


def check_written(connection: Any, plan: Path, first_entry: int) -> None:
    """Raise unless the entries that were written are those of the plan, and add up to the same."""
    expected = [0, *(0 for _ in BALANCES)]
    for batch in plan_batches(plan, "entries"):
        expected[0] += len(batch)
        for at, name in enumerate(BALANCES, 1):
            expected[at] += pc.sum(batch.column(name)).as_py() or 0
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in BALANCES)
    written = execute(
        connection,
        f"SELECT count(*), {sums} FROM ledger_entries WHERE id >= ?",
        first_entry,
    ).fetchone()
    if [int(value) for value in written] != expected:
        raise ClaimBookError(
            "What was written does not add up to what was shown, so nothing was kept. The fault is "
            "ours: please report it."
        )
