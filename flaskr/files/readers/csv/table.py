"""CSV: parted by commas, semicolons or tabs, told by its first row."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from flaskr.files.readers.cells import CellBatch, Gathering, settled_batch, sliced
from flaskr.files.readers.csv.fast import Shape, shape_of, table_of
from flaskr.files.readers.csv.strict import Malformed, Record, records
from flaskr.files.readers.options import ReadingLimits, ReadingOptions, Unreadable
from flaskr.files.readers.text_files import TextFile, lines_in
from flaskr.files.readers.titles import EMPTY, filled_width, titles_of

_SEPARATORS = ",;\t"
_BLOCK_BYTES = 4 * 1024**2
LONGEST_ROW = 16 * 1024**2
_LONGEST_HEADER = 1024**2
_LINE = re.compile(r'(?:[^"\r\n]++|"[^"]*+")*+(?:\r\n|\r|\n|\Z|")')
_IN_QUOTES = re.compile(r'"[^"]*+"')
_FILLED = re.compile(r'[^\s",;]')


class CsvTable:
    """The titles of a CSV file, and its rows in batches."""

    def __init__(self, text: TextFile, options: ReadingOptions, limits: ReadingLimits) -> None:
        self.text = text
        self.is_guarded = not options.is_raw
        self.limits = limits
        self.row = 1  # the number of the next
        self._read_header(options.separator)

    @property
    def last_row(self) -> int:
        """The number of the last row that was read."""
        return self.row - 1

    def _read_header(self, separator: str) -> None:
        """Find the first row in which anything stands, and what parts its cells."""
        self.text.fill(_LONGEST_HEADER)
        text = self.text.decoded(_LONGEST_HEADER)
        is_whole = self.text.is_ended and len(self.text.waiting) <= _LONGEST_HEADER
        self.separator = separator or _separator_of(text)
        with self._place_told(text):
            for record in records(text, self.separator, is_whole):
                self.row += 1
                if filled_width(record.cells):
                    self.titles_row = self.last_row
                    self.width = len(record.cells)
                    self.titles = titles_of(record.cells, self.limits)
                    self.text.take(len(text[: record.end].encode()))
                    return
        raise Unreadable(EMPTY if is_whole else "The first row does not end within 1 MB.")

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows below the header."""
        wanted = _BLOCK_BYTES
        while block := self.text.fill(wanted):
            before = self.row
            shape = shape_of(block, self.separator, self.text.is_ended)
            if shape and shape.size:
                yield from self._rows_of_shape(block, shape)
            else:
                yield from self.rows_one_by_one(len(block))
            wanted = _BLOCK_BYTES if self.row > before else 2 * wanted
            if wanted > LONGEST_ROW:
                raise Unreadable(
                    f"Line {self.text.line}: the row that begins there has over "
                    f"{LONGEST_ROW // 1024**2} MB. A quote may be open, or the row too long."
                )

    def _rows_of_shape(self, block: bytes, shape: Shape) -> Iterator[CellBatch]:
        """Yield the rows at the beginning of a block, all at once if nothing is odd about them."""
        count = len(shape.filled)
        if not count:
            self.row += shape.records
            self.text.take(shape.size)
            return
        table = table_of(memoryview(block)[: shape.size], self.separator, self.width)
        width = len(self.titles)
        if (
            table is None
            or table.num_rows != count
            or any(column.null_count < count for column in table.columns[width:])
        ):
            yield from self.rows_one_by_one(shape.size)
            return
        columns = [column.combine_chunks() for column in table.columns[:width]]
        rows = pa.array(self.row + shape.filled)
        cells = pa.RecordBatch.from_arrays(columns, names=list(self.titles))
        self.row += shape.records
        self.text.take(shape.size)
        for batch in sliced(CellBatch(rows, cells)):
            yield settled_batch(batch, self.is_guarded)

    def rows_one_by_one(self, size: int) -> Iterator[CellBatch]:
        """Yield the whole rows at the beginning of a block, and tell those that are odd."""
        is_last = self.text.is_ended and size >= len(self.text.waiting)
        text = self.text.decoded(size)
        gathering = Gathering(self.titles)
        end = 0
        with self._place_told(text):
            for record in records(text, self.separator, is_last):
                self._gather(gathering, record, text)
                end = record.end
                if gathering.is_full:
                    yield from self.taken(gathering)
        yield from self.taken(gathering)
        self.text.take(len(text[:end].encode()))

    def _gather(self, gathering: Gathering, record: Record, text: str) -> None:
        """Add a row, or what is wrong with it; blank cells beyond the header are no matter."""
        cells, width = record.cells, len(self.titles)
        if len(cells) == width:
            gathering.add(self.row, cells)
        elif filled := filled_width(cells):
            if len(cells) > width and filled <= width:
                gathering.add(self.row, cells[:width])
            else:
                gathering.refuse(
                    self.row,
                    f"The row has {filled if filled > width else len(cells)} "
                    f"cells, the header {width}. Put a cell that has the separator in quotes, "
                    "and leave no cell out.",
                    text[record.start : record.end].rstrip("\r\n")[: self.limits.cell_length],
                )
        self.row += 1

    def taken(self, gathering: Gathering) -> Iterator[CellBatch]:
        """Yield what was gathered, without the guard of formulas."""
        for batch in gathering.taken():
            yield settled_batch(batch, self.is_guarded)

    @contextmanager
    def _place_told(self, text: str) -> Iterator[None]:
        """Tell in which line it is that a text is no CSV."""
        try:
            yield
        except Malformed as fault:
            line = self.text.line + lines_in(text[: fault.at].encode())
            raise Unreadable(f"Line {line}: {fault}") from fault


def _separator_of(text: str) -> str:
    """Return what parts the cells of the first row in which anything stands."""
    for line in _LINE.finditer(text):
        if _FILLED.search(line[0]):
            outside = _IN_QUOTES.sub("", line[0])
            return max(_SEPARATORS, key=outside.count)
    return _SEPARATORS[0]
