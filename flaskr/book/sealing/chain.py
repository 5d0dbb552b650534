"""Compute all seals of a book again from its rows."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Iterator
from typing import Any

from flaskr.book.sealing.lines import FIRST_DIGEST, SEALED_TABLES, VERSION, TableLines
from flaskr.book.sealing.services import digest_of

_SEALS = f"SELECT id, version, digest, {', '.join(SEALED_TABLES)} FROM seals ORDER BY id"
_SEALS_AT_ONCE = 1000


def broken_seals(connection: Any) -> Iterator[str]:
    """Yield a sentence for each seal that does not fit the rows, and for rows without a seal.

    Takes the driver's connection, in one transaction. After a seal that does not fit, those that
    follow are compared with its stored digest.
    """
    highest = dict.fromkeys(SEALED_TABLES, 0)
    in_all = {table: _highest_id(connection, table) for table in SEALED_TABLES}
    tables = {name: TableLines(connection, name, 0, last) for name, last in in_all.items()}
    before, seal_id = FIRST_DIGEST, 0
    for row_id, version, digest, *ids in _seals(connection):
        sealed = dict(zip(SEALED_TABLES, ids, strict=True))
        lines = {name: tables[name] for name in SEALED_TABLES if sealed[name] > highest[name]}
        if row_id != seal_id + 1:
            yield f"seal {row_id} follows seal {seal_id}"
        if version != VERSION:
            yield f"seal {row_id} has version {version}, which this version does not know"
        elif digest_of(row_id, before, sealed, lines) != digest:
            yield f"seal {row_id} does not fit {_rows_of(lines, highest, sealed)}"
        before, seal_id = digest, row_id
        highest |= {name: max(highest[name], last) for name, last in sealed.items()}
    for name, last in in_all.items():
        if last > highest[name]:
            yield f"rows {highest[name] + 1} to {last} of {name} have no seal"


def _seals(connection: Any) -> Iterator[tuple[Any, ...]]:
    """Yield all seals in order."""
    cursor = connection.execute(_SEALS)
    while rows := cursor.fetchmany(_SEALS_AT_ONCE):
        yield from rows


def _highest_id(connection: Any, table: str) -> int:
    """Return the highest id of a table; 0 without rows."""
    return connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0


def _rows_of(lines: dict[str, Any], before: dict[str, int], sealed: dict[str, int]) -> str:
    """Return which rows a seal covers, for a sentence."""
    rows = [f"{name} {before[name] + 1} to {sealed[name]}" for name in lines]
    return ", ".join(rows) or "the seal before it"
