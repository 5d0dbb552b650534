"""The staging database of a dry run: a DuckDB that spills to disk when memory is full.

Amounts are whole öre, days DATE, instants TIMESTAMP in UTC: DuckDB needs an extension for time
zones. To be used in the isolated process only.
"""

# ruff: noqa: S608 - statements are built from names that the code declares

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

_MEMORY_LIMIT = "384MB"
BATCH_ROWS = 32_768
_ROW_GROUP = 122_880
_CREATE_FAULTS = (
    "CREATE TABLE faults (file INTEGER, row BIGINT, field VARCHAR, value VARCHAR, text VARCHAR)"
)
# Cells that are right only if the book has their value as it is, else mean something else.
_CREATE_DOUBTS = (
    "CREATE TABLE doubts (file INTEGER, row BIGINT, field VARCHAR, value VARCHAR, text VARCHAR, "
    "instead VARCHAR, instead_key VARCHAR)"
)
_CREATE_LEFT_OUT = "CREATE TABLE left_out (file INTEGER, row BIGINT, text VARCHAR)"
_CREATE_REFUSED = """CREATE VIEW refused AS SELECT file, row, field, text FROM faults
UNION ALL SELECT file, row, NULL, text FROM left_out"""
_FAULT_SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("row", pa.int64()),
        ("field", pa.string()),
        ("value", pa.string()),
        ("text", pa.string()),
    ]
)
_DOUBT_SCHEMA = pa.schema([*_FAULT_SCHEMA, ("instead", pa.string()), ("instead_key", pa.string())])
INSTANT, LOCAL = pa.timestamp("us", "UTC"), pa.timestamp("us")
FaultRow = tuple[int, int, str | None, str | None, str]
DoubtRow = tuple[int, int, str | None, str | None, str, str | None, str | None]


class Staging:
    """The rows of the files, the rows of the book that they refer to, and the faults of rows.

    The view `refused` has the rows with faults, and those that are `left_out` because of others.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.run("SET enable_progress_bar = false")
        for statement in (_CREATE_FAULTS, _CREATE_DOUBTS, _CREATE_LEFT_OUT, _CREATE_REFUSED):
            self.run(statement)

    def run(self, sql: str, **values: Any) -> duckdb.DuckDBPyConnection:
        """Run a statement; `values` are its parameters, written with a dollar."""
        return self.connection.execute(sql, values)

    def one(self, sql: str, **values: Any) -> Any:
        """Return the only value of a statement's only row."""
        (value,) = self.run(sql, **values).fetchall()[0]
        return value

    def dicts(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement as dicts."""
        rows: list[dict[str, Any]] = self.run(sql, **values).to_arrow_table().to_pylist()
        return rows

    def batches(self, sql: str, **values: Any) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement in order; other statements may run meanwhile."""
        with self.connection.cursor() as cursor:
            for batch in cursor.execute(sql, values).to_arrow_reader(BATCH_ROWS):
                yield _cast_instants(batch, LOCAL, INSTANT)

    def make(self, table: str, schema: pa.Schema) -> None:
        """Create an empty table with the columns of a schema."""
        (empty,) = schema.empty_table().to_batches() or [pa.RecordBatch.from_pylist([], schema)]
        self.connection.register("shape", _cast_instants(empty, INSTANT, LOCAL))
        self.run(f"CREATE TABLE {table} AS SELECT * FROM shape")
        self.connection.unregister("shape")

    def add_streamed(self, table: str, batches: Iterator[pa.RecordBatch], where: str) -> None:
        """Append the rows of batches with one statement; `batches` must not run another."""
        first = next(batches, None)
        if first is not None:
            cast = (_cast_instants(batch, INSTANT, LOCAL) for batch in chain([first], batches))
            schema = _cast_instants(first, INSTANT, LOCAL).schema
            self.add(table, pa.RecordBatchReader.from_batches(schema, cast), where)

    def add_all(self, table: str, batches: Iterable[pa.RecordBatch]) -> None:
        """Append the rows of batches to a table, by column name.

        A row group at a time: with fewer rows, DuckDB takes five times as long.
        """
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(map(len, waiting)) >= _ROW_GROUP:
                self.add(table, pa.Table.from_batches(waiting))
                waiting = []
        if waiting:
            self.add(table, pa.Table.from_batches(waiting))

    def add(self, table: str, rows: Any, where: str = "") -> None:
        """Append the rows of a batch, an Arrow table or a reader."""
        is_reader = isinstance(rows, pa.RecordBatchReader)
        self.connection.register(
            "batch", rows if is_reader else _cast_instants(rows, INSTANT, LOCAL)
        )
        try:
            self.run(f"INSERT INTO {table} BY NAME SELECT * FROM batch {where}")
        finally:
            self.connection.unregister("batch")

    def add_faults(self, faults: list[FaultRow]) -> None:
        """Add faults of rows."""
        self._add_tuples("faults", faults, _FAULT_SCHEMA)

    def add_doubts(self, doubts: list[DoubtRow]) -> None:
        """Add cells in doubt, which `settle_doubts` decides on."""
        self._add_tuples("doubts", doubts, _DOUBT_SCHEMA)

    def _add_tuples(self, table: str, rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> None:
        """Append rows to a table of a schema."""
        if rows:
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
            ]
            self.add(table, pa.RecordBatch.from_arrays(arrays, schema=schema))


def _cast_instants(rows: Any, from_type: pa.DataType, to_type: pa.DataType) -> Any:
    """Return a batch or a table with its columns of one instant type cast to the other."""
    for at, field in enumerate(rows.schema):
        if field.type == from_type:
            rows = rows.set_column(at, field.name, rows.column(at).cast(to_type))
    return rows


@contextmanager
def open_staging(folder: Path) -> Iterator[Staging]:
    """Open an empty staging database that spills to a folder when its memory is full.

    Raises OSError when the disk is full too.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY_LIMIT,
        "temp_directory": str(folder / "staging database"),
        "threads": 2,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield Staging(connection)
    except duckdb.IOException as error:
        if "No space left" not in str(error):
            raise
        raise OSError(ENOSPC, os.strerror(ENOSPC)) from error
    finally:
        connection.close()
