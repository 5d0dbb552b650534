"""Convert the cells of a sheet to text."""

import re
from dataclasses import dataclass

from flaskr.files.readers.numbers import (
    NOT_A_NUMBER,
    NUMBER,
    SIGNIFICANT_DIGITS,
    format_day,
    shortest_digits,
    without_float_noise,
)
from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.xlsx.number_formats import NumberFormats
from flaskr.files.readers.xlsx.shared_strings import SharedStrings, decode_escapes
from flaskr.files.readers.xlsx.xml import BROKEN_WORKBOOK

_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00(?:\.0+)?)?Z?", re.ASCII)
_ISO_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9:.]+Z?", re.ASCII)
_BOOLEAN = "\0This is TRUE or FALSE. Type a text or a number."
_ERROR_VALUE = "\0The cell shows the error {error}. Correct its formula, or type the value."
NO_VALUE = "\0The formula is not calculated yet. Open the workbook in Excel and save it."
NO_TEXT = (
    "\0The formula is not calculated yet, or gives an empty text. Open the workbook in Excel and "
    "save it, or clear the cell."
)


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of one workbook, with its shared strings, number formats and date system.

    `is_uncalculated`: the workbook is to be calculated when it is opened, so that the values of its
    formulas are placeholders. `is_exact`: numbers keep all the digits of their float.
    """

    shared: SharedStrings
    formats: NumberFormats
    is_1904: bool
    is_uncalculated: bool = False
    is_exact: bool = False

    def cell(self, cell_type: str, style: str, text: str) -> str | None:
        """Return the value of a cell by its type (attribute `t`), or a sentence about a fault."""
        if cell_type == "n":
            return self.number(style, text)
        if cell_type == "s":
            return self._shared_text(text)
        if cell_type in ("inlineStr", "str"):
            return decode_escapes(text)
        if cell_type == "d":
            return self._day(style, text)
        if cell_type == "b":
            return _BOOLEAN
        if cell_type == "e":
            return _ERROR_VALUE.format(error=text[:20])
        raise Unreadable(BROKEN_WORKBOOK)

    def formula(self, cell_type: str, style: str, text: str) -> str | None:
        """Return the value that was calculated for a formula, or a sentence without one."""
        if self.is_uncalculated or (not text and cell_type != "str"):
            return NO_VALUE
        return self.cell(cell_type, style, text) if text else NO_TEXT

    def number(self, style: str, text: str) -> str | None:
        """Return a number as its shortest digits, or as a date if its style is a date format."""
        text = text.strip()
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            return NOT_A_NUMBER
        if style in self.formats.days:
            return format_day(text, self.is_1904, self._hides_time(style))
        digits = shortest_digits(text)
        if len(digits) <= SIGNIFICANT_DIGITS or self.is_exact:
            return digits
        return without_float_noise(digits)

    def _hides_time(self, style: str) -> bool:
        """Whether a style shows the day alone, which is what is read then."""
        return style in self.formats.dates_only and not self.is_exact

    def _day(self, style: str, text: str) -> str:
        """Return an ISO date or time; the date at midnight, or if its style hides the time."""
        midnight = _MIDNIGHT.fullmatch(text)
        if midnight is None and self._hides_time(style):
            midnight = _ISO_TIME.fullmatch(text)
        return midnight[1] if midnight else text

    def _shared_text(self, number: str) -> str:
        """Return a shared string; raises Unreadable for an unknown number."""
        try:
            return self.shared[int(number)]
        except (ValueError, IndexError) as error:
            raise Unreadable(BROKEN_WORKBOOK) from error
