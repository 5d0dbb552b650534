"""Text files as UTF-8, a block at a time, whichever encoding they are in."""

import codecs
from typing import IO

from flaskr.files.readers.options import Encoding, EncodingNotChosen, Unreadable

_READ_BYTES = 1024**2
_UTF_16 = "utf-16"
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NOT_CP1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


def lines_in(text: bytes) -> int:
    """Return how many lines end in a text: in LF, CR or both."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


class TextFile:
    """A text file of which `waiting` is what has been read and not yet taken, in UTF-8.

    Of a file that is in UTF-8 already, that is not checked here: see `decoded`. `line` is the
    number of the line in which what waits begins.
    """

    def __init__(self, file: IO[bytes], encoding: Encoding) -> None:
        self.file = file
        first = file.read(2)
        self.encoding: str = _UTF_16 if first in _UTF_16_MARKS else str(encoding)
        file.seek(0)
        if self.encoding == Encoding.UTF_8 and file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        is_plain = self.encoding == Encoding.UTF_8
        self.decoder = None if is_plain else codecs.getincrementaldecoder(self.encoding)()
        self.waiting = b""
        self.line = 1
        self.is_ended = False

    def fill(self, size: int) -> bytes:
        """Return what waits, at least `size` bytes unless the file ends before."""
        pieces = [self.waiting]
        length = len(self.waiting)
        while length < size and not self.is_ended:
            read = self.file.read(_READ_BYTES)
            self.is_ended = not read
            piece = self._as_utf_8(read, pieces)
            at = piece.find(b"\0")
            if at >= 0:
                raise Unreadable(
                    f"Line {self._line_after(pieces, piece[:at])} has a NUL byte, which a text "
                    "file cannot have. Save the file again as “CSV UTF-8”."
                )
            pieces.append(piece)
            length += len(piece)
        self.waiting = b"".join(pieces)
        return self.waiting

    def take(self, size: int) -> None:
        """Leave the first bytes of what waits behind."""
        self.line += lines_in(self.waiting[:size])
        self.waiting = self.waiting[size:]

    def _as_utf_8(self, piece: bytes, before: list[bytes]) -> bytes:
        """Return the next bytes of the file in UTF-8; raises Unreadable with the line."""
        if self.decoder is None:
            return piece
        try:
            return self.decoder.decode(piece, final=self.is_ended).encode()
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(error.encoding, "ignore").encode()
            name = "Windows-1252" if self.encoding == Encoding.CP1252 else "UTF-16"
            raise Unreadable(
                f"Line {self._line_after(before, good)} has bytes that are not {name}. Save the "
                "file again as “CSV UTF-8”."
            ) from error

    def _line_after(self, pieces: list[bytes], rest: bytes) -> int:
        """Return the number of the line that comes after some pieces of text."""
        return self.line + lines_in(b"".join([*pieces, rest]))

    def decoded(self, size: int) -> str:
        """Return the first bytes of what waits as text; raises Unreadable with the line.

        A character that `size` cuts is left out, unless the file ends there.
        """
        piece = self.waiting[:size]
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            return decoder.decode(piece, final=self.is_ended and size >= len(self.waiting))
        except UnicodeDecodeError as error:
            line = self.line + lines_in(piece[: error.start])
            if any(byte in _NOT_CP1252 for byte in piece[error.start :]):
                raise Unreadable(
                    f"Line {line} has bytes that are not UTF-8. Save the file again as “CSV UTF-8”."
                ) from error
            raise EncodingNotChosen(
                f"Line {line} is not UTF-8. If the file comes from Windows, choose Windows-1252; "
                "else save it again as “CSV UTF-8”."
            ) from error
