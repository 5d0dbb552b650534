"""Open a file of any format as a table; the format is detected from the content."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, NamedTuple, Protocol
from zipfile import BadZipFile

import pyarrow as pa

from flaskr.files.formats import FileFormat
from flaskr.files.readers.arrow import FILE_SIGNATURE, ArrowFileReader, ArrowReader
from flaskr.files.readers.cells import CellBatch, RowFault, checked_batches
from flaskr.files.readers.csv.reader import CsvReader
from flaskr.files.readers.detection import detect_format, is_json_list
from flaskr.files.readers.header import HeaderFinder, KnowsTitle
from flaskr.files.readers.json_lines.lists import ListText
from flaskr.files.readers.json_lines.reader import JsonLinesReader
from flaskr.files.readers.kept_columns import KeptColumns
from flaskr.files.readers.options import ReadingLimits, ReadingOptions, Unreadable
from flaskr.files.readers.parquet import ParquetReader
from flaskr.files.readers.text_files import TextFile
from flaskr.files.readers.xlsx.sheet import SheetReader
from flaskr.files.readers.xlsx.workbook import Workbook
from flaskr.files.readers.xlsx.xml import BROKEN_WORKBOOK

__all__ = ["CellBatch", "RowFault", "TableFile", "open_table"]

# What Arrow, zipfile and zlib raise for broken files. MemoryError is not among them.
_BROKEN_FILE_ERRORS = (
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


class FormatReader(Protocol):
    """What the reader of each format has; rows are numbered as in `CellBatch`.

    `titles_row` is the row of the titles, 0 if no row has them; `last_row` is the last row read,
    blank or not.
    """

    titles: tuple[str, ...]
    titles_row: int

    @property
    def last_row(self) -> int: ...

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows."""


@dataclass(frozen=True)
class TableFile:
    """A file opened as a table.

    `sheets` are the sheets of a workbook and `sheet` is the one read; only text files have an
    `encoding`, only columnar files a `schema`.
    """

    file_format: FileFormat
    table: FormatReader
    size: int
    limits: ReadingLimits
    progress: Callable[[], int]
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    encoding: str = ""
    schema: pa.Schema | None = None
    columns: KeptColumns | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the columns."""
        return self.columns.titles if self.columns else self.table.titles

    @property
    def titles_row(self) -> int:
        """The number of the row of the titles, 0 if no row has them."""
        return self.table.titles_row

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what the reader left out beside the rows, complete after the last batch."""
        notes = tuple(getattr(self.table, "notes", ()))
        return (*notes, *self.columns.notes) if self.columns else notes

    @property
    def rows_done(self) -> int:
        """How many rows below the titles have been read, including blank ones."""
        return self.table.last_row - self.table.titles_row

    @property
    def bytes_done(self) -> int:
        """How many of the file's `size` bytes have been read."""
        return min(self.size, self.progress())

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows in batches of at most 32,768; raises Unreadable."""
        with _explain_broken_file(self.file_format):
            batches = self.table.batches()
            if self.columns:
                batches = map(self.columns.select, batches)
            yield from checked_batches(batches, self.limits)


@contextmanager
def open_table(
    path: Path,
    options: ReadingOptions,
    limits: ReadingLimits,
    knows_title: KnowsTitle | None = None,
) -> Iterator[TableFile]:
    """Open a file of any format and read its titles; raises Unreadable.

    `knows_title` says whether a text is a title, which helps to find them. What is no part of the
    table is left out and said in `notes`, unless the options say that the file is read exactly.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise Unreadable(
            f"The file has {size // 1024**2:,} MB, over {limits.file_bytes // 1024**2:,}. Split it."
        )
    with path.open("rb") as file:
        file_format = detect_format(file)
        with _explain_broken_file(file_format):
            finder = HeaderFinder(options, knows_title)
            table = _OPENERS[file_format](_Source(file, size, options, limits, finder))
        if not options.is_exact:
            table = replace(table, columns=KeptColumns(table.titles))
        yield table


@contextmanager
def _explain_broken_file(file_format: FileFormat) -> Iterator[None]:
    """Turn the libraries' errors about a broken file into Unreadable."""
    try:
        yield
    except MemoryError:  # Arrow's own MemoryError is an ArrowException too
        raise
    except _BROKEN_FILE_ERRORS as error:
        if file_format is FileFormat.XLSX:
            raise Unreadable(BROKEN_WORKBOOK) from error
        raise Unreadable(
            f"The file starts as {file_format}, but cannot be read to the end. It may be "
            "damaged or incomplete: create it again."
        ) from error


class _Source(NamedTuple):
    """An open file with how to read it."""

    file: IO[bytes]
    size: int
    options: ReadingOptions
    limits: ReadingLimits
    finder: HeaderFinder


def _open_csv(source: _Source) -> TableFile:
    """Open a CSV file."""
    file, size, options, limits, finder = source
    text = TextFile(file, options.encoding)
    table = CsvReader(text, options, limits, finder)
    return TableFile(FileFormat.CSV, table, size, limits, file.tell, encoding=text.encoding)


def _open_json_lines(source: _Source) -> TableFile:
    """Open JSON lines."""
    file, size, options, limits, _ = source
    kind = ListText if is_json_list(file) else TextFile
    text = kind(file, options.encoding)
    table = JsonLinesReader(text, limits, options.is_exact)
    return TableFile(FileFormat.JSON_LINES, table, size, limits, file.tell, encoding=text.encoding)


def _open_xlsx(source: _Source) -> TableFile:
    """Open a sheet of a workbook."""
    file, size, options, limits, finder = source
    workbook = Workbook(file, size, limits)
    name = workbook.choose_sheet(options.sheet)
    sheet = SheetReader(workbook, name, options, limits, finder)

    def progress() -> int:
        return size * sheet.parsed_bytes // sheet.size

    return TableFile(FileFormat.XLSX, sheet, size, limits, progress, workbook.sheets, name)


def _open_parquet(source: _Source) -> TableFile:
    """Open a Parquet file."""
    file, size, options, limits, _ = source
    table = ParquetReader(file, limits, options.is_exact)

    def progress() -> int:
        return size * (table.row - 1) // max(1, table.row_count)

    return TableFile(FileFormat.PARQUET, table, size, limits, progress, schema=table.schema)


def _open_arrow(source: _Source) -> TableFile:
    """Open an Arrow stream, or an Arrow file."""
    file, size, options, limits, _ = source
    is_file = file.read(len(FILE_SIGNATURE)) == FILE_SIGNATURE
    file.seek(0)
    if is_file:
        rows = ArrowFileReader(file, limits, options.is_exact)

        def progress() -> int:
            return int(size * rows.share_done)

        return TableFile(FileFormat.ARROW, rows, size, limits, progress, schema=rows.schema)
    table = ArrowReader(file, limits, options.is_exact)
    return TableFile(FileFormat.ARROW, table, size, limits, file.tell, schema=table.schema)


_OPENERS = {
    FileFormat.CSV: _open_csv,
    FileFormat.JSON_LINES: _open_json_lines,
    FileFormat.XLSX: _open_xlsx,
    FileFormat.PARQUET: _open_parquet,
    FileFormat.ARROW: _open_arrow,
}
