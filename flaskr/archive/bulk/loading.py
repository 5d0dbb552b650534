"""Rows into the book, and changes of rows, in either database; the caller gives the ids.

Each function takes the driver's own connection, in a transaction; the process that has it must not
open the same SQLite file through ADBC.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from flaskr.archive.bulk.postgresql import copy_rows, highest_id, set_sequence, update_copied
from flaskr.archive.bulk.sqlite import insert_set_aside, update_each
from flaskr.archive.bulk.tables import TableRows


def insert_rows(connection: Any, table: TableRows, advance: Callable[[int], None]) -> None:
    """Insert one table's rows; `advance` is told of each so many more that are in.

    The sequence of ids stays where it is: see `move_sequence`.
    """
    if isinstance(connection, sqlite3.Connection):
        insert_set_aside(connection, table, advance)
    else:
        copy_rows(connection, table.name, table.batches(), advance)


def update_rows(connection: Any, name: str, batches: Iterator[Any], key: str = "id") -> int:
    """Set the other columns of the batches on the rows with those keys; return how many there were.

    A NULL sets NULL. A key comes once; one that the table does not have changes nothing.
    """
    if isinstance(connection, sqlite3.Connection):
        return update_each(connection, name, batches, key)
    return update_copied(connection, name, batches, key)


def next_id(connection: Any, name: str) -> int:
    """Return the id that a table's next row can have, as long as nobody else adds any."""
    if isinstance(connection, sqlite3.Connection):
        highest = f"SELECT coalesce(max(id), 0) FROM {name}"  # noqa: S608
        return int(connection.execute(highest).fetchone()[0]) + 1
    return highest_id(connection, name) + 1


def move_sequence(connection: Any, name: str, last_id: int) -> None:
    """Let the table's own ids follow the last one loaded; SQLite's do so by themselves."""
    if not isinstance(connection, sqlite3.Connection):
        set_sequence(connection, name, last_id)
