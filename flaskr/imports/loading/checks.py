"""The checks of a loading: that the plan still fits the book, and that all of it was written."""

# ruff: noqa: S608 - statements are put together from names that the code declares

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.book.sealing.queries import EMPTY_BOOK, parse_seal
from flaskr.claims.ledger.balances import BALANCES
from flaskr.errors import ClaimBookError
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.imports.plan import entry_sums, plan_batches, plan_rows

# New rows of the book to compare with a plan: (table, column, table of the plan, its column).
_CHANGES = (
    ("ledger_entries", "claim_id", "touched", "claim_id"),
    ("claim_revisions", "claim_id", "touched", "claim_id"),
    ("policy_revisions", "policy_id", "touched", "policy_id"),
    ("claims", "claim_reference_key", "claims_created", "claim_key"),
    ("claims", "claim_reference_key", "touched", "claim_key"),
    ("policies", "policy_number_key", "policies_created", "policy_key"),
    ("policies", "policy_number_key", "touched", "policy_key"),
)


def execute(connection: Any, sql: str, *values: Any) -> Any:
    """Run a statement with question marks as placeholders on either driver."""
    if not isinstance(connection, sqlite3.Connection):
        sql = sql.replace("?", "%s")
    return connection.execute(sql, values)


def check_untouched(connection: Any, plan: Path, watermark: Mapping[str, Any]) -> None:
    """Raise PlanOutdated when anything that the plan was made from has changed since.

    To be called with the ledger locked, so that nothing can be added.
    """
    seal = parse_seal(watermark["seal"])
    found = execute(
        connection, "SELECT 1 FROM seals WHERE id = ? AND digest = ?", seal.id, seal.digest
    )
    if seal != EMPTY_BOOK and found.fetchone() is None:
        raise PlanOutdated(
            "The book was put back to an older copy since the dry run. Nothing was written; check "
            "the new dry run."
        )
    for table, name, part, column in _CHANGES:
        statement = f"SELECT DISTINCT {name} FROM {table} WHERE id > ?"
        values = [value for (value,) in execute(connection, statement, watermark[table]).fetchall()]
        if values and _plan_contains(plan, part, column, values):
            raise PlanOutdated(
                "The book has changed since the dry run, in rows that the file names. "
                "Nothing was written; check the new dry run."
            )


def _plan_contains(plan: Path, part: str, column: str, values: list[Any]) -> bool:
    """Whether a column of a plan contains any of the values."""
    for batch in plan_batches(plan, part):
        planned = batch.column(column)
        if pc.any(pc.is_in(planned.drop_null(), pa.array(values, planned.type))).as_py():
            return True
    return False


def check_written(connection: Any, plan: Path, first_entry: int) -> None:
    """Raise ClaimBookError unless the written entries have the plan's count and sums."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in BALANCES)
    written = execute(
        connection, f"SELECT count(*), {sums} FROM ledger_entries WHERE id >= ?", first_entry
    ).fetchone()
    expected = [plan_rows(plan, "entries"), *entry_sums(plan).values()]
    if [int(value) for value in written] != expected:
        raise ClaimBookError(
            "What was loaded does not add up to the dry run, so nothing was kept. This is an "
            "error in ClaimBook: please report it."
        )
