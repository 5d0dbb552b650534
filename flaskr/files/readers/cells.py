"""Batches of cells, the common form of all files that are read; rows are numbered from 1.

A cell that cannot be read is a text that begins with NUL (`SENTENCE_MARK`), followed by a sentence
that says why. Files cannot contain NUL themselves: it is refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.readers.options import ReadingLimits, Unreadable

ROWS_AT_ONCE = 32_768
_CHARACTERS_AT_ONCE = 16 * 1024**2
SENTENCE_MARK = "\0"
# How a spreadsheet shows a number: PADDED is with more zeros or letters than it has.
DAY, PERCENTAGE, PADDED = "day", "percentage", "padded"
NUL_CELL = SENTENCE_MARK + "The text has a NUL character, which the book does not keep. Remove it."
_SURROGATE_CELL = SENTENCE_MARK + "The text has half a character (a lone surrogate). Type it again."
# The first bytes of the white space characters of Unicode in UTF-8.
_SPACES = np.isin(np.arange(256), [*range(9, 14), *range(28, 33), 0xC2, 0xE1, 0xE2, 0xE3])


@dataclass(frozen=True)
class RowFault:
    """A row that could not be split into cells: its number, what to do about it, and its text."""

    row: int
    sentence: str
    text: str


@dataclass(frozen=True)
class CellBatch:
    """Some rows: their numbers, their cells (one column per title), and the rows that have faults.

    Types are string, decimal128(38, s), date32 and timestamp[us, tz=UTC]; a column may have one
    type in one batch and another in the next. `shown_as` says by title how a spreadsheet shows the
    cells of a column, if it shows some of them as a DAY, a PERCENTAGE, PADDED or a currency (its
    code or sign), and null for the others. `hidden` are the numbers of
    the rows that a filter hides.
    """

    rows: pa.Int64Array
    cells: pa.RecordBatch
    faults: tuple[RowFault, ...] = ()
    shown_as: Mapping[str, pa.StringArray] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()


class BatchBuilder:
    """Collects rows of texts one by one until there are enough for a batch."""

    def __init__(self, titles: Sequence[str]) -> None:
        self.titles = titles
        self._reset()

    def _reset(self) -> None:
        """Begin an empty batch."""
        self.rows: list[int] = []
        self.columns: list[list[str | None]] = [[] for _ in self.titles]
        self.faults: list[RowFault] = []
        self.shown_as: dict[int, dict[int, str]] = {}
        self.hidden: list[int] = []
        self.characters = 0

    def add(self, row: int, cells: Sequence[str | None]) -> None:
        """Add a row with one cell per title."""
        self.rows.append(row)
        for column, cell in zip(self.columns, cells, strict=True):
            column.append(cell)
            self.characters += len(cell) if cell else 0

    def add_shown(self, shown_as: Mapping[int, str], is_hidden: bool) -> None:
        """Say of the row added last how its cells are shown, by column from 1, and if it is hidden.

        Columns beyond the titles are left out.
        """
        place = len(self.rows) - 1
        for column, kind in shown_as.items():
            if column in self.shown_as:
                self.shown_as[column][place] = kind
            elif column <= len(self.titles):
                self.shown_as[column] = {place: kind}
        if is_hidden:
            self.hidden.append(self.rows[-1])

    def add_fault(self, row: int, sentence: str, text: str) -> None:
        """Add a row that could not be split into cells."""
        self.faults.append(RowFault(row, sentence, text))
        self.characters += len(text)

    @property
    def is_full(self) -> bool:
        """Whether there are enough rows or characters for a batch."""
        many = len(self.rows) + len(self.faults) >= ROWS_AT_ONCE
        return many or self.characters >= _CHARACTERS_AT_ONCE

    def flush(self) -> Iterator[CellBatch]:
        """Yield the batch, unless it is empty, and begin the next."""
        rows, columns, faults = self.rows, self.columns, tuple(self.faults)
        shown_as = {
            self.titles[column - 1]: _shown_column(by_row, len(rows))
            for column, by_row in self.shown_as.items()
        }
        hidden = frozenset(self.hidden)
        self._reset()
        if rows or faults:
            cells = batch_of([texts_of(column) for column in columns], self.titles)
            yield CellBatch(pa.array(rows, pa.int64()), cells, faults, shown_as, hidden)


def _shown_column(by_row: Mapping[int, str], count: int) -> pa.StringArray:
    """Return how the cells of a column are shown, from those that are shown in some way."""
    shown: list[str | None] = [None] * count
    for place, kind in by_row.items():
        shown[place] = kind
    return pa.array(shown, pa.string())


def slices_of(batch: CellBatch) -> Iterator[CellBatch]:
    """Yield a batch in parts of at most 32,768 rows; the first part has the faults."""
    count = len(batch.rows)
    parts = max(1, -(-count // ROWS_AT_ONCE))
    size = -(-count // parts)
    for part in range(parts):
        start = part * size
        yield replace(
            batch,
            rows=batch.rows.slice(start, size),
            cells=batch.cells.slice(start, size),
            faults=batch.faults if not part else (),
            shown_as={title: kinds.slice(start, size) for title, kinds in batch.shown_as.items()},
        )


def normalise_batch(batch: CellBatch) -> CellBatch:
    """Return a batch of texts after `normalise_texts`."""
    columns = [normalise_texts(column) for column in batch.cells.columns]
    return replace(batch, cells=batch_of(columns, batch.cells.schema.names))


def batch_of(arrays: Sequence[pa.Array], titles: Sequence[str]) -> pa.RecordBatch:
    """Return columns as a batch with titles."""
    return pa.RecordBatch.from_arrays(list(arrays), names=list(titles))


def texts_of(values: list[str | None]) -> pa.StringArray:
    """Return texts as an array; a sentence replaces a text with a lone surrogate."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([_paired_surrogates(value) for value in values], pa.string())


def _paired_surrogates(text: str | None) -> str | None:
    """Return a text with its surrogates paired, or a sentence for a lone surrogate."""
    try:
        return text and text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return _SURROGATE_CELL


def normalise_texts(texts: pa.StringArray) -> pa.StringArray:
    """Return texts, null for blank ones."""
    if _SPACES[_first_bytes(texts)].any():
        return pc.if_else(pc.fill_null(pc.utf8_is_space(texts), False), None, texts)
    return texts


def _first_bytes(texts: pa.StringArray) -> np.ndarray:
    """Return the first byte of each text; 0 for an empty or missing text."""
    if not len(texts):
        return np.zeros(0, dtype=np.uint8)
    _, offsets, letters = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    has_first = ends[:-1] < ends[1:]
    first = np.zeros(len(texts), dtype=np.uint8)
    first[has_first] = np.frombuffer(letters or b"", dtype=np.uint8)[ends[:-1][has_first]]
    return first


def checked_batches(batches: Iterable[CellBatch], limits: ReadingLimits) -> Iterator[CellBatch]:
    """Yield batches without blank rows; raises Unreadable outside the limits."""
    count = 0
    for batch in batches:
        batch = _without_blank_rows(batch)
        count += len(batch.rows) + len(batch.faults)
        if count > limits.rows:
            raise too_many_rows_error(limits)
        for title, column in zip(batch.cells.schema.names, batch.cells.columns, strict=True):
            _check_lengths(title, column, batch.rows, limits)
        if len(batch.rows) or batch.faults:
            yield batch


def too_many_rows_error(limits: ReadingLimits) -> Unreadable:
    """Return the error for a file with too many rows."""
    return Unreadable(f"The file has over {limits.rows:,} rows. Split it.")


def _without_blank_rows(batch: CellBatch) -> CellBatch:
    """Return a batch without its blank rows."""
    filled = np.zeros(len(batch.rows), dtype=bool)
    for column in batch.cells.columns:
        filled |= is_filled(column)
        if filled.all():
            return batch
    mask = pa.array(filled)
    return replace(
        batch,
        rows=batch.rows.filter(mask),
        cells=batch.cells.filter(mask),
        shown_as={title: kinds.filter(mask) for title, kinds in batch.shown_as.items()},
    )


def is_filled(column: pa.Array) -> np.ndarray:
    """Return a mask of the cells that are not blank."""
    if pa.types.is_string(column.type):
        return pc.fill_null(pc.greater(pc.binary_length(column), 0), False).to_numpy(False)
    return column.is_valid().to_numpy(False)


def _check_lengths(title: str, column: pa.Array, rows: pa.Array, limits: ReadingLimits) -> None:
    """Raise Unreadable for a text that is longer than a cell may be."""
    if not pa.types.is_string(column.type):
        return
    most = pc.max(pc.binary_length(column)).as_py() or 0
    if most <= limits.cell_length:  # a text has at least as many bytes as characters
        return
    at = pc.index(pc.greater(pc.utf8_length(column), limits.cell_length), True).as_py()
    if at >= 0:
        raise _long_cell_error(rows[at].as_py(), limits, title)


def _long_cell_error(row: int, limits: ReadingLimits, title: str = "") -> Unreadable:
    """Return the error for a cell that is too long."""
    where = f"Row {row}, {title[:40]}" if title else f"Row {row}"
    return Unreadable(f"{where}: a cell has over {limits.cell_length:,} characters. Shorten it.")
