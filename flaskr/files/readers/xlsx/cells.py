"""Convert the cells of a sheet to text."""

import re
from dataclasses import dataclass

from flaskr.files.readers.numbers import NOT_A_NUMBER, NUMBER, format_day, shortest_digits
from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.xlsx.shared_strings import SharedStrings, decode_escapes
from flaskr.files.readers.xlsx.xml import BROKEN_WORKBOOK

_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00(?:\.0+)?)?Z?", re.ASCII)
_BOOLEAN = "\0This is TRUE or FALSE. Type a text or a number."
_ERROR_VALUE = "\0The cell shows the error {error}. Correct its formula, or type the value."
NO_VALUE = "\0The formula has no value yet. Open the workbook in a spreadsheet and save it."


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of one workbook, with its shared strings, date styles and date system."""

    shared: SharedStrings
    day_styles: frozenset[str]
    is_1904: bool

    def cell(self, cell_type: str, style: str, text: str) -> str | None:
        """Return the value of a cell by its type (attribute `t`), or a sentence about a fault."""
        if cell_type == "n":
            return self.number(style, text)
        if cell_type == "s":
            return self._shared_text(text)
        if cell_type in ("inlineStr", "str"):
            return decode_escapes(text)
        if cell_type == "d":
            midnight = _MIDNIGHT.fullmatch(text)
            return midnight[1] if midnight else text
        if cell_type == "b":
            return _BOOLEAN
        if cell_type == "e":
            return _ERROR_VALUE.format(error=text[:20])
        raise Unreadable(BROKEN_WORKBOOK)

    def number(self, style: str, text: str) -> str | None:
        """Return a number as its shortest digits, or as a date if its style is a date format."""
        text = text.strip()
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            return NOT_A_NUMBER
        return format_day(text, self.is_1904) if style in self.day_styles else shortest_digits(text)

    def _shared_text(self, number: str) -> str:
        """Return a shared string; raises Unreadable for an unknown number."""
        try:
            return self.shared[int(number)]
        except (ValueError, IndexError) as error:
            raise Unreadable(BROKEN_WORKBOOK) from error
