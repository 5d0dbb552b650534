"""The texts of a workbook, which its cells share by number."""

import re
from typing import IO

import pyarrow as pa

from flaskr.files.readers.cells import NUL_CELL, UNREAD, texts_of
from flaskr.files.readers.xlsx.xml import Attributes, local, parsed

_TEXTS_AT_ONCE = 4096
ESCAPE_LENGTH = 7  # a character may be written _xHHHH_
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Return a text with the characters that XML does not hold, which are written _xHHHH_."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        if UNREAD in text:
            return NUL_CELL
    return text


class SharedTexts:
    """The texts that cells share, kept as Arrow does: a list of many takes four times as much."""

    def __init__(self, longest: int) -> None:
        self.longest = longest * ESCAPE_LENGTH
        self.chunks: list[pa.StringArray] = []
        self.waiting: list[str | None] = []
        self.pieces: list[str] = []
        self.length = 0
        self.phonetic = 0
        self.is_text = False

    def read(self, part: IO[bytes]) -> None:
        """Read the part that has them."""
        for _ in parsed(part, self.start, self.end, self.text):
            pass
        self.chunks.append(texts_of(self.waiting))

    def start(self, element: str, attributes: Attributes) -> None:
        """Begin a text, or a run of one."""
        kind = local(element)
        if kind == "si":
            self.pieces, self.length = [], 0
        self.phonetic += kind == "rPh"
        self.is_text = kind == "t" and not self.phonetic

    def text(self, piece: str) -> None:
        """Add to a text; of one that is too long, enough to tell."""
        if self.is_text and self.length <= self.longest:
            self.pieces.append(piece)
            self.length += len(piece)

    def end(self, element: str) -> None:
        """End a text."""
        kind = local(element)
        self.is_text = False
        self.phonetic -= kind == "rPh"
        if kind == "si":
            self.waiting.append(unescaped("".join(self.pieces)))
            if len(self.waiting) == _TEXTS_AT_ONCE:
                self.chunks.append(texts_of(self.waiting))
                self.waiting = []

    def __getitem__(self, number: int) -> str:
        """Return a text; raises IndexError for one that is not there."""
        chunk, place = divmod(number, _TEXTS_AT_ONCE)
        if number < 0 or chunk >= len(self.chunks):
            raise IndexError(number)
        return str(self.chunks[chunk][place])
