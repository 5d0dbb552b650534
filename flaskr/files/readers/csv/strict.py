"""CSV read strictly, cell by cell: what is not exactly quoted is told with its place.

A quote inside a cell that does not begin with one is a character like others. Slower than Arrow's
reader, which takes `"abc"d` and quotes that are never closed for something.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

Cell = str | None
_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')


class Record(NamedTuple):
    """One row: its cells, null where nothing stands, and where it lies in the text."""

    cells: list[Cell]
    start: int
    end: int


class Malformed(Exception):
    """What is no CSV: a sentence, and the place in the text where it begins."""

    def __init__(self, sentence: str, at: int) -> None:
        super().__init__(sentence)
        self.at = at


@cache
def _cell_pattern(separator: str) -> re.Pattern[str]:
    """Return what matches a cell and what ends it: groups quoted, plain, end."""
    plain = f'(?!")[^{separator}\r\n]*+'
    return re.compile(f'(?:"((?:[^"]++|"")*+)"|({plain}))({separator}|\r\n|\r|\n|\\Z)')


def records(text: str, separator: str, is_last: bool) -> Iterator[Record]:
    """Yield the rows that are whole; raises Malformed for what is none.

    Unless the text is the last of its file, what follows the last line end is not a row yet.
    """
    match = _cell_pattern(separator).match
    start, at, size = 0, 0, len(text)
    cells: list[Cell] = []
    while at < size or cells:
        found = match(text, at)
        if found is None:
            if fault := _fault_at(text, at, is_last):
                raise fault
            return
        quoted, plain, end = found.groups()
        at = found.end()
        if at == size and end in ("", "\r") and not is_last:
            return  # the other half of a cell, or of CR LF, may follow
        cells.append(plain or None if quoted is None else quoted.replace('""', '"'))
        if end != separator:
            yield Record(cells, start, at)
            start, cells = at, []


def _fault_at(text: str, at: int, is_last: bool) -> Malformed | None:
    """Return what is wrong with a cell in quotes; None when its end may follow."""
    closed = _QUOTED.match(text, at)
    if closed and closed.end() < len(text):
        return Malformed("there is text after a closing quote. Write quotes in a cell twice.", at)
    if is_last:
        return Malformed("a quote is opened and never closed. Close it, or write it twice.", at)
    return None
