"""Parse the rows of a sheet's XML; only cells that exist use time or memory."""

import re
from collections.abc import Callable, Iterator
from typing import IO

from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.xlsx.cells import NO_TEXT, CellReader
from flaskr.files.readers.xlsx.shared_strings import ESCAPE_LENGTH
from flaskr.files.readers.xlsx.xml import BROKEN_WORKBOOK, TRUE, Attributes, parse_part

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # XFD1048576
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.ASCII)
_LAST_FILLED_COLUMN = 256  # of a formula that fills several cells: titles end before


class SheetRow:
    """A row with cells: its number, and by column number from 1 its cells and what they show."""

    __slots__ = ("cells", "is_hidden", "number", "shown_as")

    def __init__(self, number: int, is_hidden: bool = False) -> None:
        self.number = number
        self.is_hidden = is_hidden
        self.cells: dict[int, str | None] = {}
        self.shown_as: dict[int, str] = {}


class RowParser:
    """Calls `on_row` for each row with cells."""

    def __init__(
        self, reader: CellReader, longest: int, on_row: Callable[[SheetRow], None]
    ) -> None:
        self.reader = reader
        self.shown_as = reader.formats.shown_as
        self.longest = longest * ESCAPE_LENGTH
        self.on_row = on_row
        self.columns: dict[str, int] = {}  # column letters to numbers
        self.kinds: dict[str, str] = {}  # element names without the namespace of the root
        self.row = self.column = self.length = 0
        self.row_digits = ""
        self.current = self.no_row = SheetRow(0)
        self.filled_until: dict[int, int] = {}  # the last row that a formula of a column fills
        self.cell_type = self.style = ""
        self.pieces: list[str] = []
        self.is_text = self.is_phonetic = self.has_value = self.has_formula = False
        self.has_empty_formula = False

    def parse(self, part: IO[bytes]) -> Iterator[int]:
        """Parse the sheet; yield how many bytes have been parsed so far."""
        with part:
            yield from parse_part(part, self.start, self.end, self.text)

    def start(self, element: str, attributes: Attributes) -> None:
        """Handle the start of an element."""
        kind = self.kinds.get(element)
        if kind is None:
            kind = self._kind_of(element)
        if kind == "c":
            self._begin_cell(attributes)
        elif kind in ("v", "t"):
            if not self.is_phonetic:
                self.is_text = self.has_value = True
        elif kind == "f":
            self._begin_formula(attributes)
        elif kind == "rPh":
            self.is_phonetic = True
        elif kind == "row":
            self._begin_row(attributes)

    def _kind_of(self, element: str) -> str:
        """Return the local name of an element; empty outside the namespace of the root."""
        namespace, _, name = element.rpartition(" ")
        if not self.kinds:
            self.namespace = namespace
        kind = name if namespace == self.namespace else ""
        self.kinds[element] = kind
        return kind

    def text(self, piece: str) -> None:
        """Add text to a cell; of a text that is too long, only enough to refuse it."""
        if self.is_text and self.length <= self.longest:
            self.pieces.append(piece)
            self.length += len(piece)

    def end(self, element: str) -> None:
        """Handle the end of an element."""
        kind = self.kinds[element]
        if kind in ("v", "t"):
            self.is_text = False
        elif kind == "c":
            self._end_cell()
        elif kind == "rPh":
            self.is_phonetic = False
        elif kind == "row" and self.current.cells:
            self._end_row()

    def _begin_row(self, attributes: Attributes) -> None:
        """Begin a row: with the number in its attribute, else the next. Numbers must rise."""
        number = attributes.get("r")
        row = self.row + 1 if number is None else int(number)
        if not self.row < row <= LAST_ROW:
            raise Unreadable(BROKEN_WORKBOOK)
        self.row = row
        self.row_digits = str(row)
        self.column = 0
        self.current = SheetRow(row, attributes.get("hidden") in TRUE)
        self.has_empty_formula = False

    def _end_row(self) -> None:
        """Pass a row on; one in which formulas give only empty texts is blank."""
        row, self.current = self.current, self.no_row
        if self.has_empty_formula and {NO_TEXT, None, ""}.issuperset(row.cells.values()):
            return
        self.on_row(row)

    def _begin_cell(self, attributes: Attributes) -> None:
        """Begin a cell: at the place in its attribute, else the next. Columns must rise."""
        place = attributes.get("r")
        column = self.column + 1 if place is None else self._column_at(place)
        if not self.column < column <= LAST_COLUMN:
            raise Unreadable(BROKEN_WORKBOOK)
        self.column = column
        self.cell_type = attributes.get("t", "n")
        self.style = attributes.get("s", "0")
        self.pieces = []
        self.length = 0
        self.has_value = self.has_formula = False

    def _end_cell(self) -> None:
        """Add a cell to its row, unless it has only a style."""
        if self.has_formula or self.filled_until:
            self._end_formula()
        elif self.has_value:
            text = "".join(self.pieces)
            self.current.cells[self.column] = self.reader.cell(self.cell_type, self.style, text)
        if self.style in self.shown_as and self.pieces and self.cell_type in ("n", "d"):
            self.current.shown_as[self.column] = self.shown_as[self.style]

    def _end_formula(self) -> None:
        """Add a cell to its row that has a formula, or may be filled by one."""
        text = "".join(self.pieces)
        if self.has_formula or self.row <= self.filled_until.get(self.column, 0):
            value = self.reader.formula(self.cell_type, self.style, text)
            self.has_empty_formula |= value is NO_TEXT
            self.current.cells[self.column] = value
        elif self.has_value:
            self.current.cells[self.column] = self.reader.cell(self.cell_type, self.style, text)

    def _begin_formula(self, attributes: Attributes) -> None:
        """Note that a cell has a formula, and which other cells it fills."""
        self.has_formula = True
        if attributes.get("t") not in ("array", "dataTable") or "ref" not in attributes:
            return
        last = _PLACE.fullmatch(attributes["ref"].rpartition(":")[2])
        if last and self.reader.is_uncalculated:
            end = min(self._column_of(last[1]), _LAST_FILLED_COLUMN)
            for column in range(self.column, end + 1):
                self.filled_until[column] = max(self.filled_until.get(column, 0), int(last[2]))

    def _column_at(self, place: str) -> int:
        """Return the number of a column: 1 for A12, 28 for AB12."""
        letters = place.removesuffix(self.row_digits)
        return self.columns.get(letters) or self._column_of(letters)

    def _column_of(self, letters: str) -> int:
        """Return the column number of letters, and cache it."""
        self.columns[letters] = number = column_number(letters)
        return number


def column_number(letters: str) -> int:
    """Return the number of a column: 1 for A, 28 for AB."""
    number = 0
    for letter in letters[:4] or "?":
        if not "A" <= letter <= "Z":
            raise Unreadable(BROKEN_WORKBOOK)
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
