"""The options, limits and errors of reading files; imported by the web process too."""

from dataclasses import dataclass
from enum import StrEnum

from flaskr.errors import ClaimBookError


class Encoding(StrEnum):
    """The encodings that can be chosen; UTF-16 is detected from its byte order mark."""

    UTF_8 = "utf-8"
    CP1252 = "cp1252"


# What people call these encodings, without case, blanks and punctuation. ISO 8859-1 is read as
# Windows-1252, which has all its letters, as browsers do.
_ENCODING_NAMES = {
    **dict.fromkeys(("utf8", "utf8sig", "utf8bom", "utf", "unicode", "ascii"), Encoding.UTF_8),
    **dict.fromkeys(("utf16", "utf16le", "utf16be"), Encoding.UTF_8),
    **dict.fromkeys(("cp1252", "windows1252", "win1252", "1252", "ansi"), Encoding.CP1252),
    **dict.fromkeys(("latin1", "iso88591", "l1"), Encoding.CP1252),
}


def parse_encoding(text: str) -> Encoding:
    """Return the encoding that people call so, in any case; raises Unreadable.

    UTF-16 is found by its byte order mark, whatever is chosen.
    """
    name = "".join(letter for letter in text.casefold() if letter.isalnum())
    if name not in _ENCODING_NAMES:
        raise Unreadable(
            f"“{text[:40]}” is not an encoding that files are read in. Choose utf-8 or "
            "windows-1252; UTF-16 is detected."
        )
    return _ENCODING_NAMES[name]


@dataclass(frozen=True)
class ReadingOptions:
    """How to read a file.

    `sheet` is the name of a workbook's sheet, empty for the only one; `is_raw`: CSV whose texts are
    not escaped against formulas, so that no apostrophe is removed; `separator` of CSV cells, empty
    to detect it; `header_row` is the row of the titles, 0 to detect it. `is_exact`: the file is
    read as it is, with its titles in the first row: nothing is left out, and no number rounded.
    """

    encoding: Encoding = Encoding.UTF_8
    sheet: str = ""
    is_raw: bool = False
    separator: str = ""
    header_row: int = 0
    is_exact: bool = False


@dataclass(frozen=True)
class ReadingLimits:
    """How large a file may be: bytes, unpacked bytes, rows, columns, characters of a cell."""

    file_bytes: int = 512 * 1024**2
    unpacked_bytes: int = 4 * 1024**3
    rows: int = 5_000_000
    columns: int = 200
    cell_length: int = 64_000


class Unreadable(ClaimBookError):
    """A file is refused as a whole; `at` and `titles` are set by code that reads several files."""

    at: int | None = None
    titles: tuple[str, ...] = ()


class SheetNotChosen(Unreadable):
    """A workbook has several sheets, `sheets`, and one must be chosen."""

    def __init__(self, message: str, sheets: tuple[str, ...] = ()) -> None:
        """Set the names; unpickling calls this with the message alone and then sets the rest."""
        super().__init__(message)
        self.sheets = sheets


class EncodingNotChosen(Unreadable):
    """A text is not UTF-8 but could be Windows-1252, which must be chosen."""
