"""Rows of the book and their Arrow form in an archive, and back; only for the isolated process."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.archive.tables import ArchiveColumn, ArchiveTable, Stored
from flaskr.files.writers.frames import INSTANT, MONEY, days, instants, money

GROUP_ROWS = 65_536
_ARROW_TYPES = {
    Stored.NUMBER: pa.int64(),
    Stored.FLAG: pa.bool_(),
    Stored.MONEY: MONEY,
    Stored.DAY: pa.date32(),
    Stored.INSTANT: INSTANT,
    Stored.TEXT: pa.string(),
}


def schema_of(table: ArchiveTable) -> pa.Schema:
    """Return the schema of a table's file."""
    return pa.schema(
        pa.field(column.name, _ARROW_TYPES[column.stored], nullable=column.is_nullable)
        for column in table.columns
    )


def archived(batch: pa.RecordBatch, table: ArchiveTable) -> pa.Table:
    """Return rows as the database gives them in the form that the archive has."""
    arrays = [_typed(batch[column.name], column) for column in table.columns]
    return pa.Table.from_arrays(arrays, schema=schema_of(table))


def _typed(values: pa.Array, column: ArchiveColumn) -> pa.Array:
    """Return a column in its declared type."""
    if column.stored is Stored.MONEY:
        return money(values)
    if column.stored is Stored.INSTANT:
        return instants(values)
    if column.stored is Stored.DAY:
        return days(values)
    return values.cast(_ARROW_TYPES[column.stored])


def loadable(batch: pa.RecordBatch, table: ArchiveTable) -> pa.RecordBatch:
    """Return rows of an archive as the database takes them: amounts in öre, no typed NULLs."""
    arrays = {column.name: batch[column.name] for column in table.columns}
    for column in table.columns:
        if column.stored is Stored.MONEY:
            arrays[column.name] = _ore(arrays[column.name])
    return pa.RecordBatch.from_pydict(arrays)


def _ore(amounts: pa.Array) -> pa.Array:
    """Return amounts as whole öre, without arithmetic: the lower half of each 16-byte integer.

    The amounts have at most 18 digits, so that it holds them whole.
    """
    halves = np.frombuffer(amounts.buffers()[1], "<i8").reshape(-1, 2)
    low = halves[amounts.offset : amounts.offset + len(amounts), 0]
    mask = np.asarray(pc.is_null(amounts)) if amounts.null_count else None
    return pa.array(low, mask=mask)


def last_instant(batch: Any, table: ArchiveTable) -> Any:
    """Return the last instant in rows; None where there is none."""
    found = [
        pc.max(batch[column.name]).as_py()
        for column in table.columns
        if column.stored is Stored.INSTANT
    ]
    return max((instant for instant in found if instant), default=None)
