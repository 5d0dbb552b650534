"""What one cell of a sheet holds, as the text that people mean."""

import re
from dataclasses import dataclass

from flaskr.files.readers.numbers import NOT_A_NUMBER, NUMBER, day_of, digits_of
from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.xlsx.shared_texts import SharedTexts, unescaped
from flaskr.files.readers.xlsx.xml import BROKEN

_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00(?:\.0+)?)?Z?", re.ASCII)
_TRUTH = "\0This is TRUE or FALSE. Type a text or a number."
_FAILED = "\0The cell shows the error {error}. Correct its formula, or type the value."
UNKNOWN = "\0The formula has no value yet. Open the workbook in a spreadsheet and save it."


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of one workbook: its shared texts, the styles that show days, its epoch."""

    shared: SharedTexts
    day_styles: frozenset[str]
    is_1904: bool

    def cell(self, form: str, style: str, text: str) -> str | None:
        """Return what a cell holds by its form (`t`): a text, a number, a day, or why not."""
        if form == "n":
            return self.number(style, text)
        if form == "s":
            return self._shared_text(text)
        if form in ("inlineStr", "str"):
            return unescaped(text)
        if form == "d":
            midnight = _MIDNIGHT.fullmatch(text)
            return midnight[1] if midnight else text
        if form == "b":
            return _TRUTH
        if form == "e":
            return _FAILED.format(error=text[:20])
        raise Unreadable(BROKEN)

    def number(self, style: str, text: str) -> str | None:
        """Return a number as its shortest digits, or as the day that its style makes of it."""
        text = text.strip()
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            return NOT_A_NUMBER
        return day_of(text, self.is_1904) if style in self.day_styles else digits_of(text)

    def _shared_text(self, number: str) -> str:
        """Return a shared text; raises Unreadable for one that is not there."""
        try:
            return self.shared[int(number)]
        except (ValueError, IndexError) as error:
            raise Unreadable(BROKEN) from error
