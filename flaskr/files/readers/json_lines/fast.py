"""Parse JSON lines that have only texts, as exported files do, with Arrow where that is safe."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.json

LF, OPENING, CLOSING = ord("\n"), ord("{"), ord("}")


def parse_json_block(block: bytes, keys: Sequence[str]) -> pa.Table | None:
    """Return lines as a table of texts; None unless each line is one object of texts and nulls.

    Arrow refuses everything else: numbers, other keys, repeated keys, and control characters. But
    it accepts two objects on one line, or one on two lines; so how lines begin and end, and how
    many there are, is checked here.
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
        table.validate(full=True)  # read_json does not check that texts are UTF-8
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == count else None


def _lines_of_objects(block: bytes) -> int:
    """Return the number of lines; 0 unless each begins with `{` and ends with `}`."""
    letters = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(letters == LF)
    if letters[-1] != LF:
        ends = np.append(ends, len(letters))
    starts = np.concatenate(([0], ends[:-1] + 1))
    are_objects = (letters[starts] == OPENING).all() and (letters[ends - 1] == CLOSING).all()
    return len(ends) if are_objects else 0
