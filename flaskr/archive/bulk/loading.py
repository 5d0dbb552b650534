"""Insert and update rows in bulk on either database; the caller provides the ids.

Each function takes the driver's own connection, in a transaction. The process must not open the
same SQLite file through ADBC.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from flaskr.archive.bulk.postgresql import (
    copy_rows,
    highest_id,
    set_sequence,
    update_from_temp_table,
)
from flaskr.archive.bulk.sqlite import insert_through_temp_table, update_one_by_one
from flaskr.archive.bulk.tables import TableRows


def insert_rows(connection: Any, table: TableRows, advance: Callable[[int], None]) -> None:
    """Insert one table's rows; `advance` is called with the number of rows inserted since the last.

    The sequence of ids is not moved: see `move_sequence`.
    """
    if isinstance(connection, sqlite3.Connection):
        insert_through_temp_table(connection, table, advance)
    else:
        copy_rows(connection, table.name, table.batches(), advance)


def update_rows(connection: Any, name: str, batches: Iterator[Any], key: str = "id") -> int:
    """Update the other columns of the rows with the batches' keys; return how many rows changed.

    NULL sets NULL. A key must occur once; a key that the table does not have changes nothing.
    """
    if isinstance(connection, sqlite3.Connection):
        return update_one_by_one(connection, name, batches, key)
    return update_from_temp_table(connection, name, batches, key)


def next_id(connection: Any, name: str) -> int:
    """Return the next free id of a table; valid while nobody else inserts."""
    if isinstance(connection, sqlite3.Connection):
        highest = f"SELECT coalesce(max(id), 0) FROM {name}"  # noqa: S608
        return int(connection.execute(highest).fetchone()[0]) + 1
    return highest_id(connection, name) + 1


def move_sequence(connection: Any, name: str, last_id: int) -> None:
    """Make the table's ids continue after the last one loaded; SQLite does so automatically."""
    if not isinstance(connection, sqlite3.Connection):
        set_sequence(connection, name, last_id)
