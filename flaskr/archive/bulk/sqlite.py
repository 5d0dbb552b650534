"""Arrow batches into SQLite, through a connection of the standard library's driver."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from flaskr.archive.bulk.tables import TableRows

_LOADING_CACHE_KIB = 1024 * 1024
_ROWS_A_CALL = 65_536  # how often Python is asked while rows are moved


@contextmanager
def roomy_cache(connection: Any) -> Iterator[None]:
    """Let the connection keep the indexes in memory while it loads.

    Claims come in any order in the ledger, so that its indexes grow everywhere at once: with the
    usual 2 MB most entries would wait for a page.
    """
    before = connection.execute("PRAGMA cache_size").fetchone()[0]
    connection.execute(f"PRAGMA cache_size=-{_LOADING_CACHE_KIB}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size={before}")


def insert_set_aside(connection: Any, table: TableRows, advance: Callable[[int], None]) -> None:
    """Insert one table's rows: set aside first, then moved into the table by one statement.

    A statement on a table with triggers keeps copies of the pages that it changes, to undo itself.
    One for each row copies them for each row; one for all copies each page once, and none of those
    that are new.
    """
    connection.execute(f"CREATE TEMP TABLE loading AS SELECT * FROM {table.name} LIMIT 0")  # noqa: S608
    for batch in table.batches():
        _insert_batch(connection, "temp.loading", batch)
        advance(batch.num_rows // 2)

    def moved(rows: int) -> bool:
        """Tell how far the one statement has come, and let every row pass."""
        advance(rows - rows // 2)
        return True

    connection.create_function("moved", 1, moved)
    # Python is asked once in a while: with the number of rows since the last time.
    passing = f"(rowid % {_ROWS_A_CALL} <> 0 AND rowid <> {table.count})"
    rows = f"(rowid - 1) % {_ROWS_A_CALL} + 1"
    connection.execute(
        f"INSERT INTO {table.name} SELECT * FROM temp.loading WHERE {passing} OR moved({rows})"  # noqa: S608
    )
    connection.execute("DROP TABLE temp.loading")


def update_each(connection: Any, name: str, batches: Iterator[Any], key: str) -> int:
    """Update the rows of the batches' keys, a statement for each; return how many there were."""
    changed = 0
    for batch in batches:
        columns = [column for column in batch.schema.names if column != key]
        changes = ", ".join(f"{column} = ?" for column in columns)
        rows = zip(*(_listed(batch.column(column)) for column in (*columns, key)), strict=True)
        statement = f"UPDATE {name} SET {changes} WHERE {key} = ?"  # noqa: S608
        changed += connection.executemany(statement, rows).rowcount
    return changed


def _insert_batch(connection: Any, name: str, batch: Any) -> None:
    """Insert one batch; columns that are all NULL are left out."""
    columns = {
        name: batch.column(name)
        for name in batch.schema.names
        if batch.column(name).null_count < batch.num_rows
    }
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    rows = zip(*(_listed(column) for column in columns.values()), strict=True)
    connection.executemany(statement, rows)


def _listed(column: Any) -> list[Any]:
    """Return a column as what the driver binds: text for days and instants, as the models do."""
    if column.null_count == len(column):
        return [None] * len(column)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type):
        return _whole_numbers(column)
    if pa.types.is_timestamp(column.type):
        plain = column.cast(pa.timestamp("us"))  # a zone would be a Z in the text
        return plain.cast(pa.string()).to_numpy(zero_copy_only=False).tolist()
    coded = column.dictionary_encode()  # each text or day is made once, and shared
    distinct = [*coded.dictionary.cast(pa.string()).to_pylist(), None]
    codes = coded.indices.fill_null(len(distinct) - 1).to_numpy()
    return np.array(distinct, object)[codes].tolist()


def _whole_numbers(column: Any) -> list[int | None]:
    """Return a column of integers as Python's own, None for NULL."""
    if column.null_count == 0:
        return column.to_numpy().tolist()
    found = np.full(len(column), None, object)
    is_there = column.is_valid().to_numpy(zero_copy_only=False)
    found[is_there] = column.drop_null().to_numpy()
    return found.tolist()
