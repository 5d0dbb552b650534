"""Arrow: an IPC stream of the declared types, batches of 65,536 rows, each field described."""

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
from flaskr.files.writers.columnar import Groups, described_schema

_BATCH_ROWS = 65_536
_NOTHING = {
    Kind.REFERENCE: "",
    Kind.TEXT: "",
    Kind.CHOICE: "",
    Kind.DAY: date(1970, 1, 1),
    Kind.INSTANT: datetime(1970, 1, 1, tzinfo=UTC),
    Kind.AMOUNT: Decimal("0.00"),
    Kind.NUMBER: 0,
}


class ArrowWriter:
    """Writes frames to an Arrow stream, in batches of one size wherever the frames end."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...]) -> None:
        self.kinds = [column.kind for column in columns]
        self.groups = Groups(described_schema(columns), _BATCH_ROWS)
        self.writer = pyarrow.ipc.new_stream(file, self.groups.schema)

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        for group in self.groups.add(frame):
            self._write_group(group)

    def _write_group(self, group: pa.Table) -> None:
        """Write rows as one batch."""
        (batch,) = group.to_batches()
        pairs = zip(self.kinds, batch.columns, strict=True)
        arrays = [_settled(kind, values) for kind, values in pairs]
        self.writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self.groups.schema))

    def close(self) -> None:
        """Write what is left, and the end of the stream."""
        for group in self.groups.rest():
            self._write_group(group)
        self.writer.close()


def _settled(kind: Kind, values: pa.Array) -> pa.Array:
    """Return a column whose bytes are known also where a value is missing.

    A stream carries those bytes too: what memory happened to hold there would make two files of
    the same rows differ, and tell it to the reader.
    """
    if not values.null_count:
        return values
    present = np.asarray(values.is_valid())
    filled = pc.fill_null(values, pa.scalar(_NOTHING[kind], values.type))
    bitmap = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.Array.from_buffers(values.type, len(values), [bitmap, *filled.buffers()[1:]])
