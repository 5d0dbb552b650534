"""Parse CSV with Arrow, after a check with NumPy that the quoting is unambiguous."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

QUOTE, LF, CR = ord('"'), ord("\n"), ord("\r")


class BlockShape(NamedTuple):
    """The complete rows at the beginning of a block.

    `size` is their length in bytes, `records` their number, and `filled` the positions, from 0, of
    those that are not blank lines.
    """

    size: int
    records: int
    filled: np.ndarray


def block_shape(block: bytes, separator: str, is_last: bool) -> BlockShape | None:
    """Return the complete rows of a block; None when the quoting is not valid.

    In valid CSV, quotes open and close in turn; a doubled quote closes and opens again. So each
    opening quote follows a separator, a line end or a quote, and each closing quote precedes one.
    """
    letters = np.frombuffer(block, dtype=np.uint8)
    quotes = np.flatnonzero(letters == QUOTE)
    ends = _row_ends(block, letters, quotes)
    if not is_last and len(ends) and ends[-1] == len(block) - 1 and letters[-1] == CR:
        ends = ends[:-1]  # the LF of CR LF may follow
    size = len(block) if is_last else int(ends[-1]) + 1 if len(ends) else 0
    inside = quotes[: np.searchsorted(quotes, size)]
    if len(inside) % 2 or not _are_quotes_valid(letters[:size], inside, separator):
        return None
    starts = np.concatenate(([0], ends + 1))
    starts = starts[starts < size]
    first = letters[starts]
    return BlockShape(size, len(starts), np.flatnonzero((first != LF) & (first != CR)))


def _row_ends(block: bytes, letters: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Return the positions of the line ends outside quotes; for CR LF, that of the LF."""
    ends = letters == LF
    if b"\r" in block:
        alone = letters == CR
        alone[:-1] &= ~ends[1:]
        ends |= alone
    places = np.flatnonzero(ends)
    return places[np.searchsorted(quotes, places) % 2 == 0]


def _are_quotes_valid(letters: np.ndarray, quotes: np.ndarray, separator: str) -> bool:
    """Whether opening and closing quotes, which alternate, have valid neighbours."""
    if not len(quotes):
        return True
    neighbours = np.zeros(256, dtype=bool)
    neighbours[[QUOTE, LF, CR, ord(separator)]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = neighbours[letters[opening - 1]]
    before[0] |= opening[0] == 0
    after = neighbours[letters[np.minimum(closing + 1, len(letters) - 1)]]
    return bool(before.all() and after.all())


def parse_csv_block(block: memoryview, separator: str, width: int) -> pa.Table | None:
    """Return rows of `width` texts; None when a row has more or fewer cells, or is not UTF-8.

    An empty cell is null, "" is an empty text. Blank lines are skipped.
    """
    names = [str(place) for place in range(width)]
    if bytes(block[-1:]) not in (b"\n", b"\r"):
        # Without a line end, Arrow treats the last cell as quoted if the one before it is.
        block = memoryview(bytes(block) + b"\n")
    try:
        return pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(block)),
            pyarrow.csv.ReadOptions(column_names=names, block_size=len(block) + 1),
            pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        return None
