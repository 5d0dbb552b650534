"""How a file is to be read, within which limits, and why it is refused: for the web process too."""

from dataclasses import dataclass
from enum import StrEnum

from flaskr.errors import ClaimBookError


class Encoding(StrEnum):
    """The encodings that can be chosen; UTF-16 is told by the mark it begins with."""

    UTF_8 = "utf-8"
    CP1252 = "cp1252"


@dataclass(frozen=True)
class ReadingOptions:
    """What the reader of a file has to be told.

    `sheet` names one of a workbook's, empty for the only one; `is_raw`: CSV text without the guard
    of formulas, so that no apostrophe is taken off; `separator` stands between the cells of CSV,
    empty where it is detected.
    """

    encoding: Encoding = Encoding.UTF_8
    sheet: str = ""
    is_raw: bool = False
    separator: str = ""


@dataclass(frozen=True)
class ReadingLimits:
    """How large a file may be: bytes, unpacked bytes, rows, columns, characters of a cell."""

    file_bytes: int = 512 * 1024**2
    unpacked_bytes: int = 4 * 1024**3
    rows: int = 5_000_000
    columns: int = 200
    cell_length: int = 64_000


class Unreadable(ClaimBookError):
    """A file that is refused as a whole; who reads several says which, and its columns."""

    at: int | None = None
    titles: tuple[str, ...] = ()


class SheetNotChosen(Unreadable):
    """A workbook of several sheets, `sheets`, of which one has to be chosen."""

    def __init__(self, message: str, sheets: tuple[str, ...] = ()) -> None:
        """Keep the names; pickle gives the message alone and sets the rest."""
        super().__init__(message)
        self.sheets = sheets


class EncodingNotChosen(Unreadable):
    """A text that is not UTF-8 but could be Windows-1252, which has to be chosen."""
