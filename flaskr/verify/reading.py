"""The reading room: what a file that is given holds, read in the isolated process.

Whatever form a file is in is told by its first bytes, not by its name. Only the columns that are
added up are read, a few rows at a time, since a small file can unpack to gigabytes.
"""

import csv
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from flaskr.exports.dictionary import ADDED_UP
from flaskr.formats.file_formats import FileFormat
from flaskr.isolation import Report
from flaskr.verify.read_files import ReadFacts, Unreadable
from flaskr.verify.reading_rows import json_batches, sheet_batches
from flaskr.verify.reading_text import csv_batches, is_excel_csv
from flaskr.verify.sums import Sums

ROWS_AT_ONCE = 65_536
# What broken files make Arrow, zipfile, the XML parser, openpyxl and json raise.
BROKEN = (
    pa.ArrowException,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    csv.Error,
    struct.error,
    zlib.error,
)
Batches = tuple[list[str], Iterable[pa.RecordBatch]]


def read_given_file(report: Report, path: Path) -> ReadFacts:
    """Return the form, columns, rows and amounts of a file; raises Unreadable for what is none."""
    with path.open("rb") as file:
        first = file.read(8)
        file.seek(0)
        kind = form_of(first)
        try:
            columns, batches = BATCHES[kind](file)
            sums = Sums(columns)
            for batch in batches:
                sums.add(batch)
        except MemoryError:  # Arrow's is an ArrowException too
            raise
        except BROKEN as error:
            raise Unreadable(f"It starts as {kind}, but cannot be read to the end.") from error
    is_excel = kind is FileFormat.CSV and is_excel_csv(first)
    return ReadFacts(kind, is_excel, tuple(columns), sums.rows, sums.totals)


def form_of(first: bytes) -> FileFormat:
    """Return the form that a file's first bytes are of."""
    if first.startswith(b"PAR1"):
        return FileFormat.PARQUET
    if first.startswith(b"PK\x03\x04"):
        return FileFormat.XLSX
    if first.startswith(b"\xff\xff\xff\xff"):
        return FileFormat.ARROW
    return FileFormat.JSON_LINES if first[:1] in (b"{", b"") else FileFormat.CSV


def parquet_batches(file: IO[bytes]) -> Batches:
    """Return the columns of a Parquet file and its rows."""
    parquet = pyarrow.parquet.ParquetFile(file)
    names = parquet.schema_arrow.names
    wanted = [name for name in names if name in ADDED_UP] or names[:1]
    return names, parquet.iter_batches(ROWS_AT_ONCE, columns=wanted)


def arrow_batches(file: IO[bytes]) -> Batches:
    """Return the columns of an Arrow stream and its rows."""
    names = pyarrow.ipc.open_stream(file).schema.names
    file.seek(0)
    wanted = [at for at, name in enumerate(names) if name in ADDED_UP] or [0]
    options = pyarrow.ipc.IpcReadOptions(included_fields=wanted)
    return names, sound(pyarrow.ipc.open_stream(file, options=options))


def sound(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches whose parts are where they say; a stream is believed otherwise."""
    for batch in batches:
        batch.validate(full=True)
        yield batch


BATCHES = {
    FileFormat.PARQUET: parquet_batches,
    FileFormat.ARROW: arrow_batches,
    FileFormat.CSV: csv_batches,
    FileFormat.JSON_LINES: json_batches,
    FileFormat.XLSX: sheet_batches,
}
