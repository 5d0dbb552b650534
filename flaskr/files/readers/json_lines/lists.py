"""Read a JSON list of objects as JSON lines, block by block."""

import numpy as np

from flaskr.files.readers.options import Unreadable
from flaskr.files.readers.text_files import TextFile

_QUOTE, _BACKSLASH, _COMMA, _LF = ord('"'), ord("\\"), ord(","), ord("\n")
_STEPS = np.zeros(256, dtype=np.int32)  # how letters change the depth of brackets
_STEPS[[ord("["), ord("{")]] = 1
_STEPS[[ord("]"), ord("}")]] = -1
_BLANKS = np.isin(np.arange(256), [ord(letter) for letter in " \t\r\n"])
_INCOMPLETE = (
    "The list has no end: the file may be incomplete. Create it again, as one list or as JSON "
    "lines."
)
_AFTER_END = "There is text after the end of the list. Write one list, or JSON lines."


class ListText(TextFile):
    """A text file with a JSON list, of which `buffer` has one object a line.

    Commas between the objects become line ends; white space outside texts and the brackets of the
    list are left out. What is not JSON within the objects is left to their parser.
    """

    depth = 0
    in_text = False
    is_escaping = False  # an odd number of backslashes precedes the next letter
    is_closed = False

    def fill(self, size: int) -> bytes:
        """Return the buffer with at least `size` bytes, unless the file ends before."""
        buffer = super().fill(size)
        if self.is_ended and not self.is_closed:
            raise Unreadable(_INCOMPLETE)
        return buffer

    def converted(self, piece: bytes) -> bytes:
        """Return the next bytes of the file as JSON lines."""
        letters = np.frombuffer(piece, dtype=np.uint8)
        if not len(letters):
            return piece
        is_text = self._text_letters(letters)
        steps = np.where(is_text, 0, _STEPS[letters])
        depths = np.cumsum(steps) + self.depth
        before = depths - steps
        self.depth = int(depths[-1])
        self._check_end(letters, depths, before)
        keeps = is_text | ~_BLANKS[letters]
        keeps &= (before > 0) & (depths > 0)
        is_between = (letters == _COMMA) & (depths == 1) & ~is_text
        return np.where(is_between, np.uint8(_LF), letters)[keeps].tobytes()

    def _text_letters(self, letters: np.ndarray) -> np.ndarray:
        """Return a mask of the letters in texts, with the opening quotes; notes how they end."""
        is_quote = letters == _QUOTE
        is_backslash = letters == _BACKSLASH
        if self.is_escaping or is_backslash.any():
            escaped, self.is_escaping = _escaped(is_backslash, self.is_escaping)
            is_quote &= ~escaped
        inside = (np.cumsum(is_quote) + self.in_text) % 2 == 1
        self.in_text = bool(inside[-1])
        return np.asarray(inside)

    def _check_end(self, letters: np.ndarray, depths: np.ndarray, before: np.ndarray) -> None:
        """Raise Unreadable for anything but white space after the end of the list."""
        if self.is_closed:
            rest = letters
        else:
            ends = np.flatnonzero((depths <= 0) & (before > 0))
            if not len(ends):
                return
            self.is_closed = True
            rest = letters[ends[0] + 1 :]
        if not _BLANKS[rest].all():
            raise Unreadable(_AFTER_END)


def _escaped(is_backslash: np.ndarray, is_escaping: bool) -> tuple[np.ndarray, bool]:
    """Return a mask of the letters after an odd number of backslashes, and how the block ends."""
    places = np.arange(len(is_backslash))
    # The last letter up to here that is no backslash; before the block, as if one stood there.
    others = np.maximum.accumulate(np.where(is_backslash, -1 - int(is_escaping), places))
    is_odd = ((places - others) % 2 == 1) & is_backslash
    return np.concatenate(([is_escaping], is_odd[:-1])), bool(is_odd[-1])
