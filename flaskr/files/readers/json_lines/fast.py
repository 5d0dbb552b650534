"""JSON lines of texts only, as our own are, read by Arrow where there is but one way to."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.json

LF, OPENING, CLOSING = ord("\n"), ord("{"), ord("}")


def table_of(block: bytes, keys: Sequence[str]) -> pa.Table | None:
    """Return lines as a table of texts; None unless each is one object of texts and nulls.

    Arrow refuses all else: numbers, other keys, keys that come twice, and control characters. It
    takes two objects on one line, or one on two: hence the look at how lines begin and end, and
    at how many there are.
    """
    count = _lines_of_objects(block)
    if not count or b"\\u0000" in block:
        return None
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(block),
            pyarrow.json.ReadOptions(block_size=len(block) + 1),
            pyarrow.json.ParseOptions(
                explicit_schema=pa.schema([(key, pa.string()) for key in keys]),
                unexpected_field_behavior="error",
            ),
        )
        table.validate(full=True)  # it does not look whether texts are UTF-8
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == count else None


def _lines_of_objects(block: bytes) -> int:
    """Return how many lines there are, 0 unless each begins and ends as an object does."""
    letters = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(letters == LF)
    if letters[-1] != LF:
        ends = np.append(ends, len(letters))
    starts = np.concatenate(([0], ends[:-1] + 1))
    are_objects = (letters[starts] == OPENING).all() and (letters[ends - 1] == CLOSING).all()
    return len(ends) if are_objects else 0
