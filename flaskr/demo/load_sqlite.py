"""Arrow batches into SQLite, through the application's own driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

LOADING_CACHE_KIB = 1024 * 1024


@contextmanager
def roomy_cache(connection: Any) -> Iterator[None]:
    """Let the connection keep the indexes in memory while it loads.

    Claims come in any order in the ledger, so that its indexes grow everywhere at once: with the
    usual 2 MB most entries would wait for a page.
    """
    before = connection.execute("PRAGMA cache_size").fetchone()[0]
    connection.execute(f"PRAGMA cache_size=-{LOADING_CACHE_KIB}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size={before}")


def insert_table(connection: Any, table: str, batch: Any) -> None:
    """Insert one batch; columns that are all NULL are left out."""
    columns = {
        name: batch.column(name)
        for name in batch.schema.names
        if batch.column(name).null_count < batch.num_rows
    }
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    rows = zip(*(listed(column) for column in columns.values()), strict=True)
    connection.executemany(statement, rows)


def listed(column: Any) -> list[Any]:
    """Return a column as what the driver binds: text for days and instants, as the models do."""
    if pa.types.is_integer(column.type) and column.null_count == 0:
        return column.to_numpy().tolist()
    if pa.types.is_integer(column.type):
        return column.to_pylist()
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int8()).to_numpy().tolist()
    return column.cast(pa.string()).to_numpy(zero_copy_only=False).tolist()
