"""Read CSV; the separator (comma, semicolon, tab or bar) is detected from the first rows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from flaskr.files.readers.cells import BatchBuilder, CellBatch, normalise_batch, slices_of
from flaskr.files.readers.csv.escapes import without_escapes
from flaskr.files.readers.csv.fast import BlockShape, block_shape, parse_csv_block
from flaskr.files.readers.csv.first_rows import first_records, separator_line, separator_of
from flaskr.files.readers.csv.strict import CsvRecord, MalformedCsv, csv_records
from flaskr.files.readers.header import HeaderFinder, note_of_rows_above
from flaskr.files.readers.options import ReadingLimits, ReadingOptions, Unreadable
from flaskr.files.readers.text_files import TextFile, lines_in
from flaskr.files.readers.titles import EMPTY, filled_width, titles_of

BLOCK_BYTES = 4 * 1024**2
MAX_ROW_BYTES = 16 * 1024**2
_MAX_HEADER_BYTES = 1024**2


class CsvReader:
    """The titles of a CSV file, and its rows in batches."""

    def __init__(
        self, text: TextFile, options: ReadingOptions, limits: ReadingLimits, finder: HeaderFinder
    ) -> None:
        self.text = text
        self.is_escaped = not options.is_raw
        self.is_exact = options.is_exact
        self.limits = limits
        self.apostrophes = 0  # that were taken off
        self.notes_above: list[str] = []
        self._read_header(options.separator, finder)

    @property
    def last_row(self) -> int:
        """The number of the last row that was read."""
        return self.row - 1

    @property
    def notes(self) -> list[str]:
        """Sentences on what was left out, complete after the last batch."""
        if not self.apostrophes:
            return self.notes_above
        cells = "1 cell" if self.apostrophes == 1 else f"{self.apostrophes:,} cells"
        return [
            *self.notes_above,
            f"In {cells} an apostrophe before a sign such as = or - was taken off: exports put it "
            "there so that no spreadsheet runs the text. Choose raw to keep it.",
        ]

    def _read_header(self, separator: str, finder: HeaderFinder) -> None:
        """Find the separator and the row of the titles."""
        self.text.fill(_MAX_HEADER_BYTES)
        text = self.text.decode(_MAX_HEADER_BYTES)
        is_whole = self.text.is_ended and len(self.text.buffer) <= _MAX_HEADER_BYTES
        line = None if self.is_exact else separator_line(text)
        start = line.end if line else 0
        below = text[start:]
        self.separator = (
            separator or (line and line.separator) or separator_of(below, is_whole, finder)
        )
        with self._explain_malformed_csv(text, start):
            records = first_records(below, self.separator, is_whole, finder)
        if not records:
            raise Unreadable(EMPTY if is_whole else "The first row does not end within 1 MB.")
        skipped = lines_in(text[:start].encode()) if line else 0
        rows = [(record.number + skipped, record.cells) for record in records]
        place = finder.place(rows)
        self.notes_above = note_of_rows_above(rows, place)
        self.titles_row, cells = rows[place]
        self.row = self.titles_row + 1  # the number of the next row
        self.width = len(cells)
        self.titles = titles_of(cells, self.limits, allows_blank=not self.is_exact)
        self.text.consume(len(text[: start + records[place].end].encode()))

    def batches(self) -> Iterator[CellBatch]:
        """Yield the rows below the header."""
        block_size = BLOCK_BYTES
        while block := self.text.fill(block_size):
            before = self.row
            shape = block_shape(block, self.separator, self.text.is_ended)
            if shape and shape.size:
                yield from self._rows_of_shape(block, shape)
            else:
                yield from self.rows_one_by_one(len(block))
            block_size = BLOCK_BYTES if self.row > before else 2 * block_size
            if block_size > MAX_ROW_BYTES:
                raise Unreadable(
                    f"Line {self.text.line}: the row that begins there has over "
                    f"{MAX_ROW_BYTES // 1024**2} MB. A quote may be open, or the row too long."
                )

    def _rows_of_shape(self, block: bytes, shape: BlockShape) -> Iterator[CellBatch]:
        """Yield the rows at the beginning of a block, all at once if Arrow can parse them."""
        count = len(shape.filled)
        if not count:
            self.row += shape.records
            self.text.consume(shape.size)
            return
        table = parse_csv_block(memoryview(block)[: shape.size], self.separator, self.width)
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
        self.text.consume(shape.size)
        is_escaped = self.is_escaped and b"'" in block
        for batch in slices_of(CellBatch(rows, cells)):
            yield self._normalised(batch, is_escaped)

    def rows_one_by_one(self, size: int) -> Iterator[CellBatch]:
        """Parse the complete rows at the beginning of a block strictly; yield rows and faults."""
        is_last = self.text.is_ended and size >= len(self.text.buffer)
        text = self.text.decode(size)
        builder = BatchBuilder(self.titles)
        end = 0
        with self._explain_malformed_csv(text):
            for record in csv_records(text, self.separator, is_last):
                self._add_record(builder, record, text)
                end = record.end
                if builder.is_full:
                    yield from self._flush(builder)
        yield from self._flush(builder)
        self.text.consume(len(text[:end].encode()))

    def _add_record(self, builder: BatchBuilder, record: CsvRecord, text: str) -> None:
        """Add a row or its fault; blank cells beyond the header are ignored."""
        cells, width = record.cells, len(self.titles)
        if len(cells) == width:
            builder.add(self.row, cells)
        elif filled := filled_width(cells):
            if len(cells) > width and filled <= width:
                builder.add(self.row, cells[:width])
            else:
                builder.add_fault(
                    self.row,
                    f"The row has {filled if filled > width else len(cells)} "
                    f"cells, the header {width}. Put a cell that has the separator in quotes, "
                    "and leave no cell out.",
                    text[record.start : record.end].rstrip("\r\n")[: self.limits.cell_length],
                )
        self.row += 1

    def _flush(self, builder: BatchBuilder) -> Iterator[CellBatch]:
        """Yield the collected rows, normalised."""
        for batch in builder.flush():
            yield self._normalised(batch, self.is_escaped)

    def _normalised(self, batch: CellBatch, is_escaped: bool) -> CellBatch:
        """Return a batch normalised, without the apostrophes before formulas if it has some."""
        batch = normalise_batch(batch)
        if is_escaped:
            batch, count = without_escapes(batch)
            self.apostrophes += count
        return batch

    @contextmanager
    def _explain_malformed_csv(self, text: str, start: int = 0) -> Iterator[None]:
        """Turn MalformedCsv into Unreadable with the number of the line."""
        try:
            yield
        except MalformedCsv as fault:
            line = self.text.line + lines_in(text[: start + fault.at].encode())
            raise Unreadable(f"Line {line}: {fault}") from fault
