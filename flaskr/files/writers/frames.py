"""Convert database rows to pandas frames of the declared schema.

Every column of a frame is an ArrowDtype: texts are string, dates date32, instants timestamp[us] in
UTC, amounts decimal128(18, 2), numbers int64, missing values NA. A frame shares its memory with the
Arrow batch it came from.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Columns
from flaskr.facts.kinds import Kind
from flaskr.files.formats import ExportError
from flaskr.values.calendar import day_end_in

MONEY_TYPE = pa.decimal128(18, 2)
INSTANT_TYPE = pa.timestamp("us", "UTC")
_LARGEST_ORE = 10**18 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000  # microseconds
_FIRST_DAY, _LAST_DAY = ((day - _EPOCH.date()).days for day in (date.min, date.max))
_ARROW_TYPES = {
    Kind.REFERENCE: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.CHOICE: pa.string(),
    Kind.DAY: pa.date32(),
    Kind.INSTANT: INSTANT_TYPE,
    Kind.AMOUNT: MONEY_TYPE,
    Kind.NUMBER: pa.int64(),
}


def schema_of(columns: Columns) -> pa.Schema:
    """Return the Arrow schema of a file."""
    return pa.schema([(column.name, _ARROW_TYPES[column.kind]) for column in columns])


def amounts_from_ore(ore: pa.Array) -> pa.Array:
    """Return whole öre as amounts with two decimals, without arithmetic.

    A decimal128 is a 16-byte integer: the öre with the sign extended. Raises ExportError for an
    amount of more than 18 digits.
    """
    values = integers(ore)
    if len(values) and max(values.max(), -values.min()) > _LARGEST_ORE:
        raise ExportError("An amount of the book has more than 18 digits.")
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0] = values
    wide[:, 1] = values >> 63
    amounts = pa.Array.from_buffers(MONEY_TYPE, len(values), [None, pa.py_buffer(wide)])
    return pc.if_else(ore.is_valid(), amounts, None) if ore.null_count else amounts


def integers(column: pa.Array) -> np.ndarray:
    """Return a column of whole numbers as int64; a missing value is 0."""
    return pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)


def days(column: pa.Array) -> pa.Array:
    """Return a column of dates as date32; SQLite stores dates as text."""
    return column.cast(pa.date32())


def day_numbers(column: pa.Array, missing: int) -> np.ndarray:
    """Return dates as days since 1970-01-01, with `missing` for missing values."""
    return pc.fill_null(days(column).cast(pa.int32()), missing).to_numpy(zero_copy_only=False)


def instants(column: pa.Array) -> pa.Array:
    """Return a column of instants in UTC; SQLite stores instants as text."""
    plain = column.cast(pa.timestamp("us")) if pa.types.is_string(column.type) else column
    return plain.cast(INSTANT_TYPE)


def local_days(column: pa.Array, zone: ZoneInfo) -> pa.Array:
    """Return the day of each instant in a time zone, where a day ends at local midnight."""
    moments = integers(instants(column).cast(pa.int64()))
    utc_days, place = np.unique(moments // _DAY, return_inverse=True)
    ends = np.array([[_day_end(day - 1, zone), _day_end(day, zone)] for day in utc_days.tolist()])
    # At an instant of a UTC day, it is locally that day, the one before or the one after.
    passed = (moments[:, None] >= ends.reshape(-1, 2)[place]).sum(axis=1)
    local = np.clip(utc_days[place] - 1 + passed, _FIRST_DAY, _LAST_DAY)
    return pa.array(local.astype(np.int32)).cast(pa.date32())


def _day_end(day: int, zone: ZoneInfo) -> int:
    """Return the end of a day since 1970-01-01 in a time zone, in microseconds since then."""
    if day < _FIRST_DAY:
        return _FIRST_DAY * _DAY
    return (day_end_in(zone, _EPOCH.date() + timedelta(day)) - _EPOCH) // timedelta(microseconds=1)


def file_frame(batch: pa.RecordBatch, computed: dict[str, Any], columns: Columns) -> pd.DataFrame:
    """Return the columns of a file as a frame: those in `computed`, the others from `batch`."""
    arrays = [
        computed[c.name] if c.name in computed else _declared_type_of(batch[c.name], c.kind)
        for c in columns
    ]
    table = pa.Table.from_arrays(arrays, schema=schema_of(columns))
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _declared_type_of(column: pa.Array, kind: Kind) -> pa.Array:
    """Return a database column in its declared Arrow type."""
    if kind is Kind.AMOUNT:
        return amounts_from_ore(column)
    if kind is Kind.INSTANT:
        return instants(column)
    return days(column) if kind is Kind.DAY else column.cast(_ARROW_TYPES[kind])
