"""Arrow: an IPC stream of record batches."""

from typing import IO

import pyarrow.ipc

from flaskr.files.readers.columnar import ColumnarReader
from flaskr.files.readers.options import ReadingLimits


class ArrowReader(ColumnarReader):
    """The titles of an Arrow stream, and its rows in batches."""

    def __init__(self, file: IO[bytes], limits: ReadingLimits) -> None:
        stream = pyarrow.ipc.open_stream(file)
        super().__init__(stream.schema, stream, limits)
