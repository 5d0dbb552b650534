"""Parse CSV strictly, cell by cell; incorrect quoting is an error with its position.

A quote inside an unquoted cell is an ordinary character. This is slower than Arrow's reader, which
accepts `"abc"d` and quotes that are never closed.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

Cell = str | None
_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')


class CsvRecord(NamedTuple):
    """One row: its cells, None for empty ones, and its start and end in the text."""

    cells: list[Cell]
    start: int
    end: int


class MalformedCsv(Exception):
    """Text that is not valid CSV: a sentence, and the position in the text where it begins."""

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence)
        self.at = at


@cache
def _cell_pattern(separator: str) -> re.Pattern[str]:
    """Return a pattern for a cell and its end: the groups are quoted, plain, end."""
    between = re.escape(separator)
    plain = f'(?!")[^{between}\r\n]*+'
    return re.compile(f'(?:"((?:[^"]++|"")*+)"|({plain}))({between}|\r\n|\r|\n|\\Z)')


def csv_records(text: str, separator: str, is_last: bool) -> Iterator[CsvRecord]:
    """Yield the complete rows of a text; raises MalformedCsv.

    Unless the text is the last of its file, what follows the last line end is not a row yet.
    """
    match = _cell_pattern(separator).match
    start, at, size = 0, 0, len(text)
    cells: list[Cell] = []
    while at < size or cells:
        cell = match(text, at)
        if cell is None:
            if fault := _fault_at(text, at, is_last):
                raise fault
            return
        quoted, plain, end = cell.groups()
        at = cell.end()
        if at == size and end in ("", "\r") and not is_last:
            return  # the rest of the cell, or the LF of CR LF, may follow
        cells.append(plain or None if quoted is None else quoted.replace('""', '"'))
        if end != separator:
            yield CsvRecord(cells, start, at)
            start, cells = at, []


def _fault_at(text: str, at: int, is_last: bool) -> MalformedCsv | None:
    """Return the error in a quoted cell; None when its end may follow."""
    closed = _QUOTED.match(text, at)
    if closed and closed.end() < len(text):
        return MalformedCsv(
            "there is text after a closing quote. Write quotes in a cell twice.", at
        )
    if is_last:
        return MalformedCsv("a quote is opened and never closed. Close it, or write it twice.", at)
    return None
