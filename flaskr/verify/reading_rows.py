"""JSON lines and workbooks, read row by row into batches of the columns that are added up."""

import json
import warnings
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import IO, Any

import pyarrow as pa

from flaskr.exports.dictionary import ADDED_UP
from flaskr.money import LARGEST_BALANCE

ROWS_AT_ONCE = 16_384
LONGEST_LINE = 16 * 1024**2
MOST_CELLS = 40_000_000  # gaps count: a sheet can claim a billion cells in a few bytes
LAST_ROW = 1_048_576
Table = tuple[list[str], Iterator[pa.RecordBatch]]


def json_batches(file: IO[bytes]) -> Table:
    """Return the keys of the first line of JSON lines, and all rows; each has the same keys."""
    rows = json_rows(file)
    first = next(rows, None)
    names = list(first or {})
    found = (values_of(row, names) for row in chain([] if first is None else [first], rows))
    return names, batches(names, found)


def json_rows(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the object of each line."""
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise ValueError("the last line is not complete")
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("a line is not an object")
        yield row


def values_of(row: dict[str, Any], names: list[str]) -> list[Any]:
    """Return the values of one line in the order of the first."""
    if len(row) != len(names):
        raise ValueError("a line has other keys than the first")
    return [row[name] for name in names]


def sheet_batches(file: IO[bytes]) -> Table:
    """Return the header of a workbook's first sheet, and the rows below it."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # else rows beyond the size that the sheet states are lost
    rows = bounded(sheet.iter_rows(values_only=True))
    names = [str(cell) for cell in next(rows, [])]
    return names, batches(names, rows)


def bounded(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """Yield the rows of a sheet that is no larger than a sheet can be."""
    cells = 0
    for number, row in enumerate(rows, 1):
        cells += len(row)
        if number > LAST_ROW or cells > MOST_CELLS:
            raise ValueError("the sheet is too large")
        yield list(row)


def batches(names: list[str], rows: Iterable[list[Any]]) -> Iterator[pa.RecordBatch]:
    """Yield rows as batches of the columns that are added up, their values as texts."""
    places = [at for at, name in enumerate(names) if name in ADDED_UP]
    source = iter(rows)
    while some := list(islice(source, ROWS_AT_ONCE)):
        columns = [[text_of(row[at]) if at < len(row) else None for row in some] for at in places]
        arrays = [pa.array(column, pa.string()) for column in columns]
        counted = [*arrays, pa.nulls(len(some))]
        yield pa.RecordBatch.from_arrays(counted, names=[*(names[at] for at in places), ""])


def text_of(value: Any) -> str | None:
    """Return an amount as digits with two decimals, where a workbook has a number."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    # The shortest digits that make the float are those that were written.
    exact = Decimal(repr(value))
    is_amount = exact.is_finite() and abs(exact) <= LARGEST_BALANCE and exact == round(exact, 2)
    return f"{exact:.2f}" if is_amount else str(value)
