"""The shared strings of a workbook: texts that cells refer to by number."""

import re
from typing import IO

import pyarrow as pa

from flaskr.files.readers.cells import NUL_CELL, SENTENCE_MARK, texts_of
from flaskr.files.readers.xlsx.xml import Attributes, local_name, parse_part

_TEXTS_AT_ONCE = 4096
ESCAPE_LENGTH = 7  # a character may be written as _xHHHH_
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def decode_escapes(text: str) -> str:
    """Return a text with _xHHHH_ decoded: characters that XML cannot contain are written so."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)
        if SENTENCE_MARK in text:
            return NUL_CELL
    return text


class SharedStrings:
    """The shared strings, in Arrow arrays: a Python list would take four times the memory."""

    def __init__(self, longest: int) -> None:
        self.longest = longest * ESCAPE_LENGTH
        self.chunks: list[pa.StringArray] = []
        self.pending: list[str | None] = []
        self.pieces: list[str] = []
        self.length = 0
        self.phonetic = 0
        self.is_text = False

    def read(self, part: IO[bytes]) -> None:
        """Read the part of the workbook that has the texts."""
        for _ in parse_part(part, self.start, self.end, self.text):
            pass
        self.chunks.append(texts_of(self.pending))

    def start(self, element: str, attributes: Attributes) -> None:
        """Begin a text, or a run of one."""
        kind = local_name(element)
        if kind == "si":
            self.pieces, self.length = [], 0
        self.phonetic += kind == "rPh"
        self.is_text = kind == "t" and not self.phonetic

    def text(self, piece: str) -> None:
        """Add to a text; of one that is too long, only enough to refuse it."""
        if self.is_text and self.length <= self.longest:
            self.pieces.append(piece)
            self.length += len(piece)

    def end(self, element: str) -> None:
        """End a text."""
        kind = local_name(element)
        self.is_text = False
        self.phonetic -= kind == "rPh"
        if kind == "si":
            self.pending.append(decode_escapes("".join(self.pieces)))
            if len(self.pending) == _TEXTS_AT_ONCE:
                self.chunks.append(texts_of(self.pending))
                self.pending = []

    def __getitem__(self, number: int) -> str:
        """Return the text of a number; raises IndexError for an unknown number."""
        chunk, place = divmod(number, _TEXTS_AT_ONCE)
        if number < 0 or chunk >= len(self.chunks):
            raise IndexError(number)
        return str(self.chunks[chunk][place])
