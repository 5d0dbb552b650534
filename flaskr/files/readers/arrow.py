"""Arrow: an IPC stream of record batches, or an IPC file of them, which is also called Feather."""

from collections.abc import Iterator
from typing import IO

import pyarrow as pa
import pyarrow.ipc

from flaskr.files.readers.columnar import ColumnarReader
from flaskr.files.readers.options import ReadingLimits

FILE_SIGNATURE = b"ARROW1"


class ArrowReader(ColumnarReader):
    """The titles of an Arrow stream, and its rows in batches."""

    def __init__(self, file: IO[bytes], limits: ReadingLimits, is_exact: bool = False) -> None:
        stream = pyarrow.ipc.open_stream(file)
        super().__init__(stream.schema, stream, limits, is_exact)


class ArrowFileReader(ColumnarReader):
    """The titles of an Arrow file, and its rows in batches; `share_done` is from 0 to 1."""

    def __init__(self, file: IO[bytes], limits: ReadingLimits, is_exact: bool = False) -> None:
        self.arrow_file = pyarrow.ipc.open_file(file)
        self.share_done = 0.0
        super().__init__(self.arrow_file.schema, self._record_batches(), limits, is_exact)

    def _record_batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the record batches of the file, one at a time."""
        count = self.arrow_file.num_record_batches
        for place in range(count):
            yield self.arrow_file.get_batch(place)
            self.share_done = (place + 1) / count
