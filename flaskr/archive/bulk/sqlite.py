"""Load Arrow batches into SQLite with the standard library's driver."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from flaskr.archive.bulk.tables import TableRows

_LOADING_CACHE_KIB = 1024 * 1024
_ROWS_A_CALL = 65_536  # between two reports of progress


@contextmanager
def large_cache(connection: Any) -> Iterator[None]:
    """Give the connection a cache that holds the indexes while it loads.

    The claims of ledger entries come in any order, so inserts are spread over the whole index: with
    the usual 2 MB, most would wait for a page to be read.
    """
    before = connection.execute("PRAGMA cache_size").fetchone()[0]
    connection.execute(f"PRAGMA cache_size=-{_LOADING_CACHE_KIB}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size={before}")


def insert_through_temp_table(
    connection: Any, table: TableRows, advance: Callable[[int], None]
) -> None:
    """Insert one table's rows into a temporary table, and from there with a single statement.

    A statement on a table with triggers copies the pages that it changes, so that it can be undone.
    One statement per row copies them for each row; a single one copies each page once, and no new
    pages.
    """
    connection.execute(f"CREATE TEMP TABLE loading AS SELECT * FROM {table.name} LIMIT 0")  # noqa: S608
    for batch in table.batches():
        _insert_batch(connection, "temp.loading", batch)
        advance(batch.num_rows // 2)

    def moved(rows: int) -> bool:
        """Report the progress of the statement, and accept every row."""
        advance(rows - rows // 2)
        return True

    connection.create_function("moved", 1, moved)
    # The function is called only every 65,536 rows, with the number of rows since the last call.
    passing = f"(rowid % {_ROWS_A_CALL} <> 0 AND rowid <> {table.count})"
    rows = f"(rowid - 1) % {_ROWS_A_CALL} + 1"
    connection.execute(
        f"INSERT INTO {table.name} SELECT * FROM temp.loading WHERE {passing} OR moved({rows})"  # noqa: S608
    )
    connection.execute("DROP TABLE temp.loading")


def update_one_by_one(connection: Any, name: str, batches: Iterator[Any], key: str) -> int:
    """Update the rows one by one; return how many rows changed."""
    changed = 0
    for batch in batches:
        columns = [column for column in batch.schema.names if column != key]
        changes = ", ".join(f"{column} = ?" for column in columns)
        rows = zip(
            *(_bound_values(batch.column(column)) for column in (*columns, key)), strict=True
        )
        statement = f"UPDATE {name} SET {changes} WHERE {key} = ?"  # noqa: S608
        changed += connection.executemany(statement, rows).rowcount
    return changed


def _insert_batch(connection: Any, name: str, batch: Any) -> None:
    """Insert one batch, without the columns that are all NULL."""
    columns = {
        name: batch.column(name)
        for name in batch.schema.names
        if batch.column(name).null_count < batch.num_rows
    }
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    rows = zip(*(_bound_values(column) for column in columns.values()), strict=True)
    connection.executemany(statement, rows)


def _bound_values(column: Any) -> list[Any]:
    """Return a column as values that the driver binds: dates and instants are text."""
    if column.null_count == len(column):
        return [None] * len(column)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type):
        return _bound_integers(column)
    if pa.types.is_timestamp(column.type):
        plain = column.cast(pa.timestamp("us"))  # with a time zone, the text would have a Z
        return plain.cast(pa.string()).to_numpy(zero_copy_only=False).tolist()
    coded = column.dictionary_encode()  # so that equal texts and dates share one object
    distinct = [*coded.dictionary.cast(pa.string()).to_pylist(), None]
    codes = coded.indices.fill_null(len(distinct) - 1).to_numpy()
    return np.array(distinct, object)[codes].tolist()


def _bound_integers(column: Any) -> list[int | None]:
    """Return a column of integers as Python integers, None for NULL."""
    if column.null_count == 0:
        return column.to_numpy().tolist()
    values = np.full(len(column), None, object)
    is_there = column.is_valid().to_numpy(zero_copy_only=False)
    values[is_there] = column.drop_null().to_numpy()
    return values.tolist()
