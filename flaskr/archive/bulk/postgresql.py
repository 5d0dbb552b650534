"""Load Arrow batches into PostgreSQL with COPY."""

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain
from typing import Any

import pyarrow as pa
from psycopg import sql
from pyarrow import csv

# Texts are always quoted and NULL never is; so COPY distinguishes NULL from an empty text.
_PLAIN_ROWS = csv.WriteOptions(include_header=False, quoting_style="needed")
_SET_SEQUENCE = """
    SELECT CASE WHEN has_sequence_privilege(name, 'UPDATE') THEN setval(name, %(last)s)
        ELSE (
            SELECT max(taken) FROM (
                SELECT nextval(name) AS taken
                FROM generate_series(coalesce(pg_sequence_last_value(name), 0) + 1, %(last)s)
            ) AS ids
        ) END
    FROM (SELECT pg_get_serial_sequence(%(table)s, 'id')::regclass AS name) AS sequence
"""


def copy_rows(
    connection: Any, name: str, batches: Iterator[Any], advance: Callable[[int], None]
) -> list[str]:
    """Copy batches into a table, and return their columns.

    The server loads one batch while the next is prepared.
    """
    first = next(batches, None)
    if first is None:
        return []
    columns = list(first.schema.names)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in chain([first], batches):
            copy.write(_csv_rows(batch.select(columns)))
            advance(batch.num_rows)
    return columns


def _csv_rows(batch: Any) -> bytes:
    """Return a batch as CSV without a header."""
    sink = BytesIO()
    csv.write_csv(pa.Table.from_batches([batch]), sink, _PLAIN_ROWS)
    return sink.getvalue()


def update_from_temp_table(connection: Any, name: str, batches: Iterator[Any], key: str) -> int:
    """Copy the batches to a temporary table and update from it; return how many rows changed."""
    first = next(batches, None)
    if first is None:
        return 0
    columns = [column for column in first.schema.names if column != key]
    parts = {
        "table": sql.Identifier(name),
        "key": sql.Identifier(key),
        "columns": sql.SQL(", ").join(map(sql.Identifier, [key, *columns])),
        "changes": sql.SQL(", ").join(
            sql.SQL("{0} = changing.{0}").format(sql.Identifier(column)) for column in columns
        ),
    }
    making = "CREATE TEMP TABLE changing ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0"
    connection.execute(sql.SQL(making).format(**parts))
    copy_rows(connection, "changing", chain([first], batches), lambda rows: None)
    connection.execute("ANALYZE changing")
    update = "UPDATE {table} SET {changes} FROM changing WHERE {table}.{key} = changing.{key}"
    changed = connection.execute(sql.SQL(update).format(**parts)).rowcount
    connection.execute("DROP TABLE changing")
    return int(changed)


def highest_id(connection: Any, name: str) -> int:
    """Return the highest id in a table or given by its sequence; 0 if there are no ids."""
    highest = sql.SQL(
        "SELECT greatest(coalesce(max(id), 0),"
        " coalesce(pg_sequence_last_value(pg_get_serial_sequence({text}, 'id')), 0)) FROM {table}"
    ).format(text=sql.Literal(name), table=sql.Identifier(name))
    return int(connection.execute(highest).fetchone()[0])


def set_sequence(connection: Any, name: str, last_id: int) -> None:
    """Make the sequence of a table continue after an id, which is not before where it is.

    setval needs a right that is not among the usual ones; without it, as many ids are taken.
    """
    connection.execute(_SET_SEQUENCE, {"table": name, "last": last_id})
