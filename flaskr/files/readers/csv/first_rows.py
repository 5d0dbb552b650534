"""Read the first rows of CSV: the separator, Excel's `sep=` line, and the rows of the titles."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from flaskr.files.readers.csv.strict import MalformedCsv, csv_records
from flaskr.files.readers.header import FirstRow, HeaderFinder
from flaskr.files.readers.titles import filled_width

_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(
    r'\s*?("?)sep=(?:([^\w\s"\\])|(\t|\\t|tab))\1[,;\t|]*(?:\r\n|\r|\n|\Z)',
    re.IGNORECASE | re.ASCII,
)
_LINE = re.compile(r'(?:[^"\r\n]++|"[^"]*+")*+(?:\r\n|\r|\n|\Z|")')
_IN_QUOTES = re.compile(r'"[^"]*+"')
_NOT_BLANK = re.compile(r'[^\s",;|]')
_VALUE = re.compile(r"\s*[-+]?[0-9][0-9\s.,:/-]*\s*")


class FirstRecord(NamedTuple):
    """A row at the beginning of CSV: its number, its cells, and its end in the text."""

    number: int
    cells: list[str | None]
    end: int


class SeparatorLine(NamedTuple):
    """Excel's line that names the separator: the separator, and the end of the line."""

    separator: str
    end: int


def separator_line(text: str) -> SeparatorLine | None:
    """Return the separator that the first line names, as in `sep=;`; None for another line."""
    line = _SEPARATOR_LINE.match(text)
    if line is None or not line[0].isascii():
        return None
    return SeparatorLine(line[2] or "\t", line.end())


def first_records(
    text: str, separator: str, is_whole: bool, finder: HeaderFinder
) -> list[FirstRecord]:
    """Return the first rows that are not blank; raises MalformedCsv in the first of them.

    What is malformed below them is left to those who read it.
    """
    found: list[FirstRecord] = []
    records = enumerate(csv_records(text, separator, is_whole), 1)
    try:
        for number, record in records:
            if filled_width(record.cells):
                found.append(FirstRecord(number, record.cells, record.end))
            if found and finder.has_enough(len(found), number):
                break
    except MalformedCsv:
        if not found:
            raise
    return found


def separator_of(text: str, is_whole: bool, finder: HeaderFinder) -> str:
    """Return the separator that gives most rows the same number of cells.

    Then the one that gives titles that the book knows, and cells that are numbers or days; then
    the most frequent in the first row.
    """
    frequent = _most_frequent(text)
    ranks = {}
    for separator in _SEPARATORS:
        rows = list(_rows_by(text, separator, is_whole, finder))
        widths = Counter(filled_width(cells) for _, cells in rows)
        del widths[0], widths[1]
        if widths:
            # A last column may be empty, or the rows be filled up to the width of the sheet.
            all_widths = Counter(len(cells) for _, cells in rows if len(cells) > 1)
            same = max(*widths.values(), *all_widths.values())
            known = max(finder.known_titles(cells) for _, cells in rows)
            values = sum(bool(_VALUE.fullmatch(cell or "")) for _, cells in rows for cell in cells)
            ranks[separator] = same, known, values, separator == frequent
    return max(ranks, key=lambda separator: ranks[separator]) if ranks else frequent


def _rows_by(text: str, separator: str, is_whole: bool, finder: HeaderFinder) -> Iterator[FirstRow]:
    """Yield the first rows by a separator, as far as they are not malformed."""
    try:
        for record in first_records(text, separator, is_whole, finder):
            yield record.number, record.cells
    except MalformedCsv:
        return


def _most_frequent(text: str) -> str:
    """Return the most frequent separator outside quotes in the first row that is not blank."""
    for line in _LINE.finditer(text):
        if _NOT_BLANK.search(line[0]):
            outside = _IN_QUOTES.sub("", line[0])
            return max(_SEPARATORS, key=outside.count)
    return _SEPARATORS[0]
