"""What the readers of Parquet and Arrow share: columns of any Arrow type as batches of cells."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.readers.arrow_values import NESTED, cells_of, is_nested, is_text
from flaskr.files.readers.cells import (
    CellBatch,
    batch_of,
    slices_of,
    too_many_rows_error,
)
from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.readers.titles import titles_of

BYTES_AT_ONCE = 64 * 1024**2


class ColumnarReader:
    """The titles of a columnar file, and its rows in batches; the first row is number 1."""

    titles_row = 0

    def __init__(
        self,
        schema: pa.Schema,
        parts: Iterable[pa.RecordBatch],
        limits: ReadingLimits,
        is_exact: bool = False,
    ) -> None:
        self.schema = schema
        self.is_exact = is_exact
        self.parts = parts
        self.limits = limits
        self.row = 1  # the number of the next row
        self.titles = titles_of(schema.names, limits)
        if len(self.titles) < len(schema):
            raise Unreadable("The last column has no name. Name it, or leave it out.")

    @property
    def last_row(self) -> int:
        """The number of the last row that was read."""
        return self.row - 1

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows."""
        size = 0
        for part in self.parts:
            if self.last_row + part.num_rows > self.limits.rows:
                raise too_many_rows_error(self.limits)
            part.validate(full=True)
            for small in _small_parts(part):
                size += _memory_of(small)
                check_unpacked(size, self.limits)
                rows = pa.array(np.arange(self.row, self.row + len(small)))
                self.row += len(small)
                for batch in slices_of(CellBatch(rows, small)):
                    yield CellBatch(batch.rows, self.cells(batch.cells))

    def cells(self, part: pa.RecordBatch) -> pa.RecordBatch:
        """Return some rows as cells; `part` need not have the nested columns."""
        column_of = dict(zip(part.schema.names, part.columns, strict=True))
        columns = [
            pa.repeat(NESTED, len(part))
            if is_nested(field.type)
            else cells_of(column_of[field.name], self.is_exact)
            for field in self.schema
        ]
        return batch_of(columns, self.titles)


def check_unpacked(size: int, limits: ReadingLimits) -> None:
    """Raise Unreadable for a file that unpacks to more than the limit."""
    if size > limits.unpacked_bytes:
        raise Unreadable(
            f"The file unpacks to over {limits.unpacked_bytes // 1024**2:,} MB. Split it, or "
            "leave out the columns that are not needed."
        )


def _memory_of(part: pa.RecordBatch) -> int:
    """Return how many bytes some rows take as a batch of cells."""
    return sum(_column_memory(column) for column in part.columns)


def _column_memory(column: pa.Array) -> int:
    """Return how many bytes the cells of a column take after decoding a dictionary."""
    if pa.types.is_dictionary(column.type) and is_text(column.type.value_type):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return pc.sum(lengths.take(column.indices)).as_py() or 0
    return int(column.nbytes)


def _small_parts(part: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield some rows in parts small enough after decoding dictionaries."""
    if _memory_of(part) <= BYTES_AT_ONCE or len(part) <= 1:
        yield part
        return
    half = len(part) // 2
    yield from _small_parts(part.slice(0, half))
    yield from _small_parts(part.slice(half))
