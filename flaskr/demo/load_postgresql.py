"""Arrow batches into PostgreSQL, by COPY."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from flaskr.demo.arrow_tables import TableRows

# Text is always quoted and NULL never is, which is how COPY tells NULL from an empty text.
PLAIN_ROWS = csv.WriteOptions(include_header=False, quoting_style="needed")


def copy_table(connection: Any, table: TableRows, advance: Callable[[int], None]) -> None:
    """Copy one table's batches; the server takes one in while the next is made."""
    batches = table.batches()
    first = next(batches, None)
    if first is None:
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, first.schema.names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in chained(first, batches):
            copy.write(csv_rows(batch))
            advance(batch.num_rows)


def chained(first: Any, rest: Any) -> Any:
    """Yield the first, then the rest."""
    yield first
    yield from rest


def csv_rows(batch: Any) -> bytes:
    """Return a batch as CSV without a header."""
    sink = BytesIO()
    csv.write_csv(pa.Table.from_batches([batch]), sink, PLAIN_ROWS)
    return sink.getvalue()


def move_sequence(connection: Any, table: TableRows) -> None:
    """Let the table's next id follow the last one loaded."""
    if table.count:
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table.name, table.count)
        )
