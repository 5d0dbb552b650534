"""Parquet and Arrow streams: columns of any type as cells; ours stay the types that they are."""

from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet

from flaskr.files.readers.arrow_values import NESTED, cells_of, is_nested, is_text
from flaskr.files.readers.cells import ROWS_AT_ONCE, CellBatch, batch_of, sliced, too_many_rows
from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.readers.titles import check_width, titles_of

_BYTES_AT_ONCE = 64 * 1024**2
_BUFFER_BYTES = 1024**2


class Columnar:
    """The titles of a columnar file, and its rows in batches; the first is number 1."""

    titles_row = 0

    def __init__(
        self, schema: pa.Schema, parts: Iterable[pa.RecordBatch], limits: ReadingLimits
    ) -> None:
        self.schema = schema
        self.parts = parts
        self.limits = limits
        self.row = 1  # the number of the next
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
                raise too_many_rows(self.limits)
            part.validate(full=True)
            for light in _light_enough(part):
                size += _weight(light)
                check_unpacked(size, self.limits)
                rows = pa.array(np.arange(self.row, self.row + len(light)))
                self.row += len(light)
                for some in sliced(CellBatch(rows, light)):
                    yield CellBatch(some.rows, self.cells(some.cells))

    def cells(self, part: pa.RecordBatch) -> pa.RecordBatch:
        """Return some rows as cells; nested columns may not be in there."""
        there = dict(zip(part.schema.names, part.columns, strict=True))
        columns = [
            pa.repeat(NESTED, len(part)) if is_nested(field.type) else cells_of(there[field.name])
            for field in self.schema
        ]
        return batch_of(columns, self.titles)


def check_unpacked(size: int, limits: ReadingLimits) -> None:
    """Raise Unreadable for a file that unpacks to more than is taken."""
    if size > limits.unpacked_bytes:
        raise Unreadable(
            f"The file unpacks to over {limits.unpacked_bytes // 1024**2:,} MB. Split it, or "
            "leave out the columns that are not needed."
        )


def _weight(part: pa.RecordBatch) -> int:
    """Return how many bytes the texts and other cells of some rows take as a batch of cells."""
    return sum(_column_weight(column) for column in part.columns)


def _column_weight(column: pa.Array) -> int:
    """Return how many bytes the cells of a column take."""
    if pa.types.is_dictionary(column.type) and is_text(column.type.value_type):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return pc.sum(lengths.take(column.indices)).as_py() or 0
    return int(column.nbytes)


def _light_enough(part: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield some rows in parts that are not too large once each cell has its own text."""
    if _weight(part) <= _BYTES_AT_ONCE or len(part) <= 1:
        yield part
        return
    half = len(part) // 2
    yield from _light_enough(part.slice(0, half))
    yield from _light_enough(part.slice(half))


def parquet_table(file: IO[bytes], limits: ReadingLimits) -> tuple[Columnar, int]:
    """Return what a Parquet file holds, and how many rows it says it has.

    Nested columns, which are refused, are not read at all.
    """
    metadata = pyarrow.parquet.read_metadata(file)
    check_width(metadata.num_columns, limits)
    file.seek(0)
    # A dictionary stays one: else a text that a small file has once could fill the memory.
    parquet = pyarrow.parquet.ParquetFile(
        file,
        read_dictionary=sorted(_dictionaries(metadata)),
        buffer_size=_BUFFER_BYTES,
        pre_buffer=False,
        page_checksum_verification=True,
    )
    if metadata.num_rows > limits.rows:
        raise too_many_rows(limits)
    schema = parquet.schema_arrow
    flat = [field.name for field in schema if not is_nested(field.type)]
    if not flat:
        raise Unreadable("Every column holds lists or objects. Write texts and numbers.")
    rows = _rows_at_once(metadata)
    columns = flat if len(flat) < len(schema) else None
    table = Columnar(schema, parquet.iter_batches(rows, columns=columns), limits)
    return table, metadata.num_rows


def _dictionaries(metadata: pyarrow.parquet.FileMetaData) -> set[str]:
    """Return the columns of which some part has each text but once."""
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    chunks = (group.column(at) for group in groups for at in range(group.num_columns))
    return {
        chunk.path_in_schema
        for chunk in chunks
        if chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page
    }


def _rows_at_once(metadata: pyarrow.parquet.FileMetaData) -> int:
    """Return how many rows to unpack at once, going by what the footer says of their size."""
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    heaviest = max((g.total_byte_size / max(1, g.num_rows) for g in groups), default=1.0)
    return max(1, min(ROWS_AT_ONCE, int(_BYTES_AT_ONCE / max(1.0, heaviest))))


def arrow_table(file: IO[bytes], limits: ReadingLimits) -> Columnar:
    """Return what an Arrow IPC stream holds."""
    stream = pyarrow.ipc.open_stream(file)
    return Columnar(stream.schema, stream, limits)
