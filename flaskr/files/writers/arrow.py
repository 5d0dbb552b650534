"""Write an Arrow IPC stream: declared types, batches of 65,536 rows, described fields."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.writers.columnar import RowGroups, described_schema

BATCH_ROWS = 65_536
_FILL_VALUES = {
    Kind.REFERENCE: "",
    Kind.TEXT: "",
    Kind.CHOICE: "",
    Kind.DAY: date(1970, 1, 1),
    Kind.INSTANT: datetime(1970, 1, 1, tzinfo=UTC),
    Kind.AMOUNT: Decimal("0.00"),
    Kind.NUMBER: 0,
}


class ArrowWriter:
    """Writes frames to an Arrow stream, in batches of one size whatever the size of the frames."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...]) -> None:
        self.kinds = [column.kind for column in columns]
        self.groups = RowGroups(described_schema(columns), BATCH_ROWS)
        self.writer = pyarrow.ipc.new_stream(file, self.groups.schema)

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        for group in self.groups.add(frame):
            self._write_group(group)

    def _write_group(self, group: pa.Table) -> None:
        """Write one group of rows as one batch."""
        (batch,) = group.to_batches()
        pairs = zip(self.kinds, batch.columns, strict=True)
        arrays = [_with_known_bytes(kind, values) for kind, values in pairs]
        self.writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self.groups.schema))

    def close(self) -> None:
        """Write the last rows and the end of the stream."""
        for group in self.groups.rest():
            self._write_group(group)
        self.writer.close()


def _with_known_bytes(kind: Kind, values: pa.Array) -> pa.Array:
    """Return a column in which the bytes under missing values are fixed.

    The stream contains those bytes. Leftover memory would make two files of the same rows differ,
    and would disclose it to the reader.
    """
    if not values.null_count:
        return values
    present = np.asarray(values.is_valid())
    filled = pc.fill_null(values, pa.scalar(_FILL_VALUES[kind], values.type))
    bitmap = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.Array.from_buffers(values.type, len(values), [bitmap, *filled.buffers()[1:]])
