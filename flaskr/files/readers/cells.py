"""Batches of cells, whatever file they come from; `rows` are numbers as a spreadsheet counts.

A cell that cannot be read is a text that begins with NUL and goes on with a sentence that says why;
no file has a NUL of its own, they are refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.readers.options import ReadingLimits, Unreadable
from flaskr.files.writers.csv import GUARDED

ROWS_AT_ONCE = 32_768
_CHARACTERS_AT_ONCE = 16 * 1024**2
UNREAD = "\0"
NUL_CELL = UNREAD + "The text has a NUL character, which the book does not keep. Remove it."
_HALF_CELL = UNREAD + "The text has half a character (a lone surrogate). Type it again."
# The first bytes of what Unicode calls white space.
_SPACES = np.isin(np.arange(256), [*range(9, 14), *range(28, 33), 0xC2, 0xE1, 0xE2, 0xE3])
_APOSTROPHE = ord("'")
_GUARD = "^'[" + GUARDED.replace("-", "\\-").replace("\0", "\\x00") + "]"


@dataclass(frozen=True)
class RowFault:
    """A row that could not be split into cells: its number, what to do about it, and its text."""

    row: int
    sentence: str
    text: str


@dataclass(frozen=True)
class CellBatch:
    """Some rows: their numbers, their cells (a column a title), and the rows that have none.

    Types are string, decimal128(38, s), date32 and timestamp[us, tz=UTC]; a column may have one
    type in one batch and another in the next.
    """

    rows: pa.Int64Array
    cells: pa.RecordBatch
    faults: tuple[RowFault, ...] = ()


class Gathering:
    """Rows that come one by one, as texts, until they are enough for a batch."""

    def __init__(self, titles: Sequence[str]) -> None:
        self.titles = titles
        self.start()

    def start(self) -> None:
        """Begin a batch."""
        self.rows: list[int] = []
        self.columns: list[list[str | None]] = [[] for _ in self.titles]
        self.faults: list[RowFault] = []
        self.characters = 0

    def add(self, row: int, cells: Sequence[str | None]) -> None:
        """Add a row of as many cells as there are titles."""
        self.rows.append(row)
        for column, cell in zip(self.columns, cells, strict=True):
            column.append(cell)
            self.characters += len(cell) if cell else 0

    def refuse(self, row: int, sentence: str, text: str) -> None:
        """Add a row that is none."""
        self.faults.append(RowFault(row, sentence, text))
        self.characters += len(text)

    @property
    def is_full(self) -> bool:
        """Whether it is time to take the batch."""
        many = len(self.rows) + len(self.faults) >= ROWS_AT_ONCE
        return many or self.characters >= _CHARACTERS_AT_ONCE

    def taken(self) -> Iterator[CellBatch]:
        """Yield the batch, if there is anything in it, and begin the next."""
        rows, columns, faults = self.rows, self.columns, tuple(self.faults)
        self.start()
        if rows or faults:
            arrays = [texts_of(column) for column in columns]
            yield CellBatch(pa.array(rows, pa.int64()), batch_of(arrays, self.titles), faults)


def sliced(batch: CellBatch) -> Iterator[CellBatch]:
    """Yield a batch in parts that are not too long; its faults come with the first."""
    count = len(batch.rows)
    parts = max(1, -(-count // ROWS_AT_ONCE))
    size = -(-count // parts)
    for part in range(parts):
        start = part * size
        faults = batch.faults if not part else ()
        yield CellBatch(batch.rows.slice(start, size), batch.cells.slice(start, size), faults)


def settled_batch(batch: CellBatch, is_guarded: bool = False) -> CellBatch:
    """Return a batch of texts settled."""
    columns = [settled(column, is_guarded) for column in batch.cells.columns]
    return CellBatch(batch.rows, batch_of(columns, batch.cells.schema.names), batch.faults)


def batch_of(arrays: Sequence[pa.Array], titles: Sequence[str]) -> pa.RecordBatch:
    """Return columns under their titles."""
    return pa.RecordBatch.from_arrays(list(arrays), names=list(titles))


def texts_of(values: list[str | None]) -> pa.StringArray:
    """Return texts as an array; one with half a character says so instead."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([_whole(value) for value in values], pa.string())


def _whole(text: str | None) -> str | None:
    """Return a text whose surrogates are paired, or in its place the sentence that it has none."""
    try:
        return text and text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return _HALF_CELL


def settled(texts: pa.StringArray, is_guarded: bool = False) -> pa.StringArray:
    """Return texts, null for one of only spaces; `is_guarded`: without the guard of formulas."""
    first = _first_bytes(texts)
    if _SPACES[first].any():
        texts = pc.if_else(pc.fill_null(pc.utf8_is_space(texts), False), None, texts)
    if is_guarded and (first == _APOSTROPHE).any():
        guarded = pc.fill_null(pc.match_substring_regex(texts, _GUARD), False)
        plain = pc.utf8_slice_codeunits(texts.filter(guarded), 1)
        texts = pc.replace_with_mask(texts, guarded, plain)
    return texts


def _first_bytes(texts: pa.StringArray) -> np.ndarray:
    """Return the first byte of each text; 0 where there is none."""
    if not len(texts):
        return np.zeros(0, dtype=np.uint8)
    _, offsets, letters = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    has_first = ends[:-1] < ends[1:]
    first = np.zeros(len(texts), dtype=np.uint8)
    first[has_first] = np.frombuffer(letters or b"", dtype=np.uint8)[ends[:-1][has_first]]
    return first


def checked(batches: Iterable[CellBatch], limits: ReadingLimits) -> Iterator[CellBatch]:
    """Yield batches without their blank rows, as long as they are within the limits."""
    count = 0
    for batch in batches:
        batch = _without_blank_rows(batch)
        count += len(batch.rows) + len(batch.faults)
        if count > limits.rows:
            raise too_many_rows(limits)
        for title, column in zip(batch.cells.schema.names, batch.cells.columns, strict=True):
            _check_lengths(title, column, batch.rows, limits)
        if len(batch.rows) or batch.faults:
            yield batch


def too_many_rows(limits: ReadingLimits) -> Unreadable:
    """Return what to raise for a file of too many rows."""
    return Unreadable(f"The file has over {limits.rows:,} rows. Split it.")


def _without_blank_rows(batch: CellBatch) -> CellBatch:
    """Return a batch of the rows in which anything stands."""
    filled = np.zeros(len(batch.rows), dtype=bool)
    for column in batch.cells.columns:
        filled |= _is_filled(column)
        if filled.all():
            return batch
    kept = pa.array(filled)
    return CellBatch(batch.rows.filter(kept), batch.cells.filter(kept), batch.faults)


def _is_filled(column: pa.Array) -> np.ndarray:
    """Return where anything stands in a column."""
    if pa.types.is_string(column.type):
        return pc.fill_null(pc.greater(pc.binary_length(column), 0), False).to_numpy(False)
    return column.is_valid().to_numpy(False)


def _check_lengths(title: str, column: pa.Array, rows: pa.Array, limits: ReadingLimits) -> None:
    """Raise Unreadable for a text that is longer than a cell may be."""
    if not pa.types.is_string(column.type):
        return
    most = pc.max(pc.binary_length(column)).as_py() or 0
    if most <= limits.cell_length:  # never fewer bytes than characters
        return
    at = pc.index(pc.greater(pc.utf8_length(column), limits.cell_length), True).as_py()
    if at >= 0:
        raise _long_cell(rows[at].as_py(), limits, title)


def _long_cell(row: int, limits: ReadingLimits, title: str = "") -> Unreadable:
    """Return what to raise for a cell that is too long."""
    where = f"Row {row}, {title[:40]}" if title else f"Row {row}"
    return Unreadable(f"{where}: a cell has over {limits.cell_length:,} characters. Shorten it.")
