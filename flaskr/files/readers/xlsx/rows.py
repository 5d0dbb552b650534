"""Parse the rows of a sheet's XML; only cells that exist use time or memory."""

from collections.abc import Callable, Iterator
from typing import IO

from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.xlsx.cells import NO_VALUE, CellReader
from flaskr.files.readers.xlsx.shared_strings import ESCAPE_LENGTH
from flaskr.files.readers.xlsx.xml import BROKEN_WORKBOOK, Attributes, parse_part

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # XFD1048576
Cells = dict[int, str | None]


class RowParser:
    """Calls `on_row` for each row with cells: its number, and its cells by column number from 1."""

    def __init__(
        self, reader: CellReader, longest: int, on_row: Callable[[int, Cells], None]
    ) -> None:
        self.reader = reader
        self.longest = longest * ESCAPE_LENGTH
        self.on_row = on_row
        self.columns: dict[str, int] = {}  # column letters to numbers
        self.kinds: dict[str, str] = {}  # element names without the namespace of the root
        self.row = self.column = self.length = 0
        self.row_digits = ""
        self.cells: Cells = {}
        self.cell_type = self.style = ""
        self.pieces: list[str] = []
        self.is_text = self.is_phonetic = self.has_value = self.has_formula = False

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
            self.is_text = self.has_value = not self.is_phonetic
        elif kind == "f":
            self.has_formula = True
        elif kind == "rPh":
            self.is_phonetic = True
        elif kind == "row":
            self._begin_row(attributes.get("r"))

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
        elif kind == "row" and self.cells:
            self.on_row(self.row, self.cells)
            self.cells = {}

    def _begin_row(self, number: str | None) -> None:
        """Begin a row: with the number in its attribute, else the next. Numbers must rise."""
        row = self.row + 1 if number is None else int(number)
        if not self.row < row <= LAST_ROW:
            raise Unreadable(BROKEN_WORKBOOK)
        self.row = row
        self.row_digits = str(row)
        self.column = 0
        self.cells = {}

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
        if self.has_value:
            text = "".join(self.pieces)
            self.cells[self.column] = self.reader.cell(self.cell_type, self.style, text)
        elif self.has_formula:
            self.cells[self.column] = NO_VALUE

    def _column_at(self, place: str) -> int:
        """Return the number of a column: 1 for A12, 28 for AB12."""
        letters = place.removesuffix(self.row_digits)
        return self.columns.get(letters) or self._column_of(letters)

    def _column_of(self, letters: str) -> int:
        """Return the column number of letters, and cache it."""
        number = 0
        for letter in letters[:4] or "?":
            if not "A" <= letter <= "Z":
                raise Unreadable(BROKEN_WORKBOOK)
            number = 26 * number + ord(letter) - ord("A") + 1
        self.columns[letters] = number
        return number
