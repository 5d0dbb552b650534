"""The canonical lines of what a seal covers: a row is a line, the same on both databases.

A line is a JSON array without blanks: numbers, amounts in öre, days as "2026-01-31", instants as
"2026-01-31 12:00:00.000000" in UTC, flags as 0 and 1. No line has a name, a description or a text
of an entry, for those are erased.
"""

# ruff: noqa: S608 - statements are built from names that the code declares

import sqlite3
from collections.abc import Iterator
from functools import cache
from typing import Any

# The columns of version 1 can never change: seals of it are computed again for ever. A version
# with another column is a further version beside it.
VERSION = 1
FIRST_DIGEST = "0" * 64  # before the first seal
_CLAIM_FACTS = ("policy_id", "cause", "loss_date", "reported_date", "event_code")
_POLICY_FACTS = (
    "line_of_business",
    "inception_date",
    "expiry_date",
    "premium",
    "deductible",
    "sum_insured",
    "cancelled_on",
)
_RECORDING = ("recorded_at", "recorded_by", "import_id", "import_row")
_REPLACEMENT = ("replaced_at", "replaced_by", "import_id")
_AMOUNTS = ("paid", "outstanding", "recovered")
SEALED_COLUMNS = {
    "policies": ("id", "policy_number", "policy_number_key", *_RECORDING),
    "claims": ("id", "claim_reference", "claim_reference_key", *_RECORDING),
    # The balances after an entry follow from the deltas, and are checked with them.
    "ledger_entries": (
        *("id", "claim_id", "entry_type", "cost_type", "transaction_date", "imported_at"),
        *(*_AMOUNTS, "reason_code", "reverses", "exceptions", *_RECORDING),
    ),
    "policy_revisions": ("id", "policy_id", "policyholder_changed", *_REPLACEMENT),
    "claim_revisions": ("id", "claim_id", "description_changed", *_REPLACEMENT),
    "imports": (
        *("id", "kind", "recorded_at", "recorded_by", "created", "changed", "unchanged"),
        *("refused", "entries", "first_entry", *_AMOUNTS, "job", "undoes", "reason_code"),
        "claims_left_out",
    ),
    "import_files": ("id", "import_id", "contents", "sha256", "size_bytes", "row_count"),
    "closings": (
        *("id", "closed_through", "recorded_at", "recorded_by", "policies", "claims"),
        *("entries", "premium", *_AMOUNTS),
    ),
    "live_declarations": ("id", "recorded_at", "recorded_by"),
}
_NUMBERS = {
    *("id", "policy_id", "claim_id", "import_id", "import_row", "first_entry", "reverses"),
    *("created", "changed", "unchanged", "refused", "undoes", "claims_left_out", "size_bytes"),
    *("row_count", "policies", "claims", "entries", "premium", "deductible", "sum_insured"),
    *_AMOUNTS,
}
SEALED_TABLES = tuple(SEALED_COLUMNS)
_OWNERS = {
    "policies": ("policy_revisions", "policy_id", _POLICY_FACTS),
    "claims": ("claim_revisions", "claim_id", _CLAIM_FACTS),
}
_BATCH_ROWS = 8192


class TableLines:
    """The lines of one table's rows after an id, up to another: read once, in the order of ids."""

    def __init__(self, connection: Any, table: str, after: int, until: int) -> None:
        self._batches = _batches(connection, table, after, until)
        self._rows: list[tuple[int, str]] = []

    def take(self, last_id: int) -> Iterator[list[str]]:
        """Yield the lines of the rows up to an id that were not taken yet, some at a time."""
        while self._rows or (rows := next(self._batches, [])):
            self._rows = self._rows or rows
            if self._rows[-1][0] <= last_id:
                yield [line for _, line in self._rows]
                self._rows = []
                continue
            if lines := [line for row_id, line in self._rows if row_id <= last_id]:
                yield lines
            self._rows = self._rows[len(lines) :]
            return


def _batches(
    connection: Any, table: str, after: int, until: int
) -> Iterator[list[tuple[int, str]]]:
    """Yield (id, line) of a table's rows in batches; takes the driver's connection."""
    is_plain = isinstance(connection, sqlite3.Connection) or until - after <= _BATCH_ROWS
    # PostgreSQL's plain cursor would hold all rows in memory, and a named one asks more often.
    cursor = connection.cursor() if is_plain else connection.cursor(name=f"lines_of_{table}")
    try:
        cursor.execute(
            _statement(table, isinstance(connection, sqlite3.Connection)), (after, until)
        )
        while rows := cursor.fetchmany(_BATCH_ROWS):
            yield rows
    finally:
        cursor.close()


@cache
def _statement(table: str, is_sqlite: bool) -> str:
    """Return the SQL of (id, line) of a table's rows after an id and up to another."""
    facts, joins = _facts_of(table)
    columns = {name: f"t.{name}" for name in SEALED_COLUMNS[table]}
    values = [*columns.items(), *facts]
    if is_sqlite:
        mark, line = "?", f"json_array({', '.join(value for _, value in values)})"
    else:  # not json_build_array, which puts blanks between the values
        texts = ", ".join(_postgresql_json(name, value) for name, value in values)
        mark, line = "%s", f"'[' || concat_ws(',', {texts}) || ']'"
    rows = f"SELECT t.id, {line} FROM {table} t{joins}"
    return f"{rows} WHERE t.id > {mark} AND t.id <= {mark} ORDER BY t.id"


def _postgresql_json(name: str, value: str) -> str:
    """Return the SQL of a column's JSON, of what SQLite stores."""
    if name in _NUMBERS:
        text = f"{value}::text"
    elif name.endswith("_changed"):
        text = f"{value}::int::text"
    elif name.endswith("_at"):
        text = f"to_char({value} AT TIME ZONE 'UTC', '\"YYYY-MM-DD HH24:MI:SS.US\"')"
    else:
        text = f"to_json({value}::text)::text"
    return f"coalesce({text}, 'null')"


def _facts_of(table: str) -> tuple[list[tuple[str, str]], str]:
    """Return (name, SQL) of the facts that a row of a table gave, and the joins that they need.

    A claim or a policy gave its first facts: those that its first revision kept, else its own. A
    revision kept the facts before an edit, and the edit gave those of the next revision, else of
    the claim or policy as it is. So every fact is sealed, and none twice by a new row.
    """
    for owner, (revisions, key, names) in _OWNERS.items():
        first = f"SELECT min(id) FROM {revisions} WHERE {key} ="
        if table == owner:
            joins = f" LEFT JOIN {revisions} r ON r.id = ({first} t.id)"
            return [
                (n, f"(CASE WHEN r.id IS NULL THEN t.{n} ELSE r.{n} END)") for n in names
            ], joins
        if table == revisions:
            joins = (
                f" JOIN {owner} o ON o.id = t.{key}"
                f" LEFT JOIN {revisions} r ON r.id = ({first} t.{key} AND id > t.id)"
            )
            after = [(n, f"(CASE WHEN r.id IS NULL THEN o.{n} ELSE r.{n} END)") for n in names]
            return [*((n, f"t.{n}") for n in names), *after], joins
    return [], ""
