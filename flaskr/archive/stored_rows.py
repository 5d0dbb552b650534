"""Convert rows between the database and an archive; only for the isolated process."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.archive.tables import ArchiveColumn, ArchiveTable, StoredType
from flaskr.files.writers.frames import INSTANT_TYPE, MONEY_TYPE, amounts_from_ore, days, instants

GROUP_ROWS = 65_536
_ARROW_TYPES = {
    StoredType.NUMBER: pa.int64(),
    StoredType.FLAG: pa.bool_(),
    StoredType.MONEY: MONEY_TYPE,
    StoredType.DAY: pa.date32(),
    StoredType.INSTANT: INSTANT_TYPE,
    StoredType.TEXT: pa.string(),
}


def archive_schema(table: ArchiveTable) -> pa.Schema:
    """Return the Arrow schema of a table's file."""
    return pa.schema(
        pa.field(column.name, _ARROW_TYPES[column.stored], nullable=column.is_nullable)
        for column in table.columns
    )


def archive_rows(batch: pa.RecordBatch, table: ArchiveTable) -> pa.Table:
    """Return database rows in the schema of the archive."""
    arrays = [_declared_type_of(batch[column.name], column) for column in table.columns]
    return pa.Table.from_arrays(arrays, schema=archive_schema(table))


def _declared_type_of(values: pa.Array, column: ArchiveColumn) -> pa.Array:
    """Return a database column in its declared Arrow type."""
    if column.stored is StoredType.MONEY:
        return amounts_from_ore(values)
    if column.stored is StoredType.INSTANT:
        return instants(values)
    if column.stored is StoredType.DAY:
        return days(values)
    return values.cast(_ARROW_TYPES[column.stored])


def database_rows(batch: pa.RecordBatch, table: ArchiveTable) -> pa.RecordBatch:
    """Return archive rows as the database stores them: amounts in öre, columns without a schema."""
    arrays = {column.name: batch[column.name] for column in table.columns}
    for column in table.columns:
        if column.stored is StoredType.MONEY:
            arrays[column.name] = _ore_of(arrays[column.name])
    return pa.RecordBatch.from_pydict(arrays)


def _ore_of(amounts: pa.Array) -> pa.Array:
    """Return amounts as whole öre, without arithmetic: the lower half of each 16-byte integer.

    Amounts have at most 18 digits, so they fit the lower half.
    """
    halves = np.frombuffer(amounts.buffers()[1], "<i8").reshape(-1, 2)
    low = halves[amounts.offset : amounts.offset + len(amounts), 0]
    mask = np.asarray(pc.is_null(amounts)) if amounts.null_count else None
    return pa.array(low, mask=mask)


def last_instant(batch: Any, table: ArchiveTable) -> Any:
    """Return the latest instant in rows; None if there are no instants."""
    latest = [
        pc.max(batch[column.name]).as_py()
        for column in table.columns
        if column.stored is StoredType.INSTANT
    ]
    return max((instant for instant in latest if instant), default=None)
