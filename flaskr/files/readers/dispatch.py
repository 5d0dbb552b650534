"""Any file that people upload as one table: told by its first bytes, read in batches of cells."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from zipfile import BadZipFile

import pyarrow as pa

from flaskr.files.formats import FileFormat
from flaskr.files.readers.cells import CellBatch, RowFault, checked
from flaskr.files.readers.columnar import arrow_table, parquet_table
from flaskr.files.readers.csv.table import CsvTable
from flaskr.files.readers.detection import kind_of
from flaskr.files.readers.json_lines.table import JsonLines
from flaskr.files.readers.options import ReadingLimits, ReadingOptions, Unreadable
from flaskr.files.readers.text_files import TextFile
from flaskr.files.readers.xlsx.table import Sheet
from flaskr.files.readers.xlsx.workbook import Workbook
from flaskr.files.readers.xlsx.xml import BROKEN as BROKEN_WORKBOOK

__all__ = ["CellBatch", "ReadTable", "RowFault", "opened"]

# What a broken file makes Arrow, zipfile and zlib raise; MemoryError is none of these.
_BROKEN = (
    pa.ArrowException,
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Titled(Protocol):
    """What the reader of each form has; rows are numbered as in `CellBatch`.

    `titles_row` is that of the titles, 0 where they are in no row; `last_row`, blank or not, the
    last that was read.
    """

    titles: tuple[str, ...]
    titles_row: int

    @property
    def last_row(self) -> int: ...

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows."""


@dataclass(frozen=True)
class ReadTable:
    """A file that is being read.

    `sheets` are those of a workbook, of which `sheet` is read; `encoding` is that of a text file,
    `schema` that of a columnar one.
    """

    kind: FileFormat
    table: Titled
    size: int
    limits: ReadingLimits
    progress: Callable[[], int]
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    encoding: str = ""
    schema: pa.Schema | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the columns."""
        return self.table.titles

    @property
    def titles_row(self) -> int:
        """The number of the row of the titles, 0 where they are in no row."""
        return self.table.titles_row

    @property
    def rows_done(self) -> int:
        """How many rows below the titles have been read, blank ones too."""
        return self.table.last_row - self.table.titles_row

    @property
    def bytes_done(self) -> int:
        """How many of the file's `size` bytes have been read."""
        return min(self.size, self.progress())

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows, at most 32,768 at once; raises Unreadable."""
        with _breakage_told(self.kind):
            yield from checked(self.table.batches(), self.limits)


@contextmanager
def opened(path: Path, options: ReadingOptions, limits: ReadingLimits) -> Iterator[ReadTable]:
    """Open a file of any form and read its titles; raises Unreadable for what is none."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise Unreadable(
            f"The file has {size // 1024**2:,} MB, over {limits.file_bytes // 1024**2:,}. Split it."
        )
    with path.open("rb") as file:
        kind = kind_of(file)
        with _breakage_told(kind):
            table = _READERS[kind](file, size, options, limits)
        yield table


@contextmanager
def _breakage_told(kind: FileFormat) -> Iterator[None]:
    """Say of a file that cannot be read as what it begins as, that it is broken."""
    try:
        yield
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except _BROKEN as error:
        if kind is FileFormat.XLSX:
            raise Unreadable(BROKEN_WORKBOOK) from error
        raise Unreadable(
            f"The file starts as {kind}, but cannot be read to the end. It may be "
            "damaged or incomplete: create it again."
        ) from error


def _read_csv(
    file: IO[bytes], size: int, options: ReadingOptions, limits: ReadingLimits
) -> ReadTable:
    """Begin to read a CSV file."""
    text = TextFile(file, options.encoding)
    table = CsvTable(text, options, limits)
    return ReadTable(FileFormat.CSV, table, size, limits, file.tell, encoding=text.encoding)


def _read_json_lines(
    file: IO[bytes], size: int, options: ReadingOptions, limits: ReadingLimits
) -> ReadTable:
    """Begin to read JSON lines."""
    text = TextFile(file, options.encoding)
    table = JsonLines(text, limits)
    return ReadTable(FileFormat.JSON_LINES, table, size, limits, file.tell, encoding=text.encoding)


def _read_workbook(
    file: IO[bytes], size: int, options: ReadingOptions, limits: ReadingLimits
) -> ReadTable:
    """Begin to read a sheet of a workbook."""
    book = Workbook(file, size, limits)
    name = book.chosen(options.sheet)
    sheet = Sheet(book, name, limits)

    def progress() -> int:
        return size * sheet.fed // sheet.size

    return ReadTable(FileFormat.XLSX, sheet, size, limits, progress, book.sheets, name)


def _read_parquet(
    file: IO[bytes], size: int, options: ReadingOptions, limits: ReadingLimits
) -> ReadTable:
    """Begin to read a Parquet file."""
    table, count = parquet_table(file, limits)

    def progress() -> int:
        return size * (table.row - 1) // max(1, count)

    return ReadTable(FileFormat.PARQUET, table, size, limits, progress, schema=table.schema)


def _read_arrow(
    file: IO[bytes], size: int, options: ReadingOptions, limits: ReadingLimits
) -> ReadTable:
    """Begin to read an Arrow stream."""
    table = arrow_table(file, limits)
    return ReadTable(FileFormat.ARROW, table, size, limits, file.tell, schema=table.schema)


_READERS = {
    FileFormat.CSV: _read_csv,
    FileFormat.JSON_LINES: _read_json_lines,
    FileFormat.XLSX: _read_workbook,
    FileFormat.PARQUET: _read_parquet,
    FileFormat.ARROW: _read_arrow,
}
