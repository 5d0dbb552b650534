"""Read text files of any supported encoding as blocks of UTF-8."""

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


def _is_utf_8(file: IO[bytes]) -> bool:
    """Whether a file has letters beyond ASCII, and all of them are UTF-8; it is rewound.

    Letters of Windows-1252 would have to stand in pairs such as “Ã¤”, all of them, to be UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    has_letters = False
    try:
        while piece := file.read(_READ_BYTES):
            decoder.decode(piece)
            has_letters = has_letters or not piece.isascii()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return has_letters


class TextFile:
    """A text file; `buffer` is what has been read and not yet consumed, as UTF-8.

    The buffer of a UTF-8 file is only checked by `decode`. `line` is the number of the line in
    which the buffer begins.
    """

    def __init__(self, file: IO[bytes], encoding: Encoding) -> None:
        self.file = file
        first = file.read(2)
        self.encoding: str = _UTF_16 if first in _UTF_16_MARKS else str(encoding)
        file.seek(0)
        if self.encoding == Encoding.CP1252 and _is_utf_8(file):
            raise Unreadable(
                "The file is UTF-8, not Windows-1252: its letters would be read wrong. Choose "
                "UTF-8."
            )
        if self.encoding == Encoding.UTF_8 and file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        is_plain = self.encoding == Encoding.UTF_8
        self.decoder = None if is_plain else codecs.getincrementaldecoder(self.encoding)()
        self.buffer = b""
        self.line = 1
        self.is_ended = False

    def fill(self, size: int) -> bytes:
        """Return the buffer with at least `size` bytes, unless the file ends before."""
        pieces = [self.buffer]
        length = len(self.buffer)
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
            piece = self.converted(piece)
            pieces.append(piece)
            length += len(piece)
        self.buffer = b"".join(pieces)
        return self.buffer

    def converted(self, piece: bytes) -> bytes:
        """Return the next bytes, in UTF-8, as they are added to the buffer."""
        return piece

    def consume(self, size: int) -> None:
        """Remove the first bytes of the buffer."""
        self.line += lines_in(self.buffer[:size])
        self.buffer = self.buffer[size:]

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
        """Return the number of the line that follows some pieces of text."""
        return self.line + lines_in(b"".join([*pieces, rest]))

    def decode(self, size: int) -> str:
        """Return the first bytes of the buffer as text; raises Unreadable with the line.

        A last character that is incomplete is left out, unless the file ends there.
        """
        piece = self.buffer[:size]
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            return decoder.decode(piece, final=self.is_ended and size >= len(self.buffer))
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
