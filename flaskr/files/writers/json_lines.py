"""Write JSON lines: one object per line in UTF-8, its keys in the order of the columns.

Amounts are strings of their exact digits ("-1234.50"), dates and instants strings ("2026-01-31",
"2026-01-31 12:00:00.000000Z"), a missing value is null and an empty text "". Lines end in LF; an
empty file has no line.
"""

import json
from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import TEXTS, Kind
from flaskr.files.writers.frames import schema_of
from flaskr.files.writers.lines import (
    bytes_of,
    escape_texts,
    format_values,
    join_texts,
    record_batches,
)

_UNSAFE = r'["\\\x00-\x1f]'


def _escape(text: str) -> str:
    """Return a text escaped for a JSON string, without the quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


class JsonLinesWriter:
    """Writes frames to a file of JSON lines."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...]) -> None:
        self.file = file
        self.schema = schema_of(columns)
        self.columns = columns

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        for batch in record_batches(frame, self.schema):
            parts: list[pa.Array | str] = []
            for column, values in zip(self.columns, batch.columns, strict=True):
                parts += ["," if parts else "{", f"{json.dumps(column.name)}:"]
                parts.append(_json_values(column.kind, values))
            self.file.write(bytes_of(join_texts(*parts, "}\n")))

    def close(self) -> None:
        """Do nothing: every row is written already."""


def _json_values(kind: Kind, values: pa.Array) -> pa.Array:
    """Return the values of a column as JSON."""
    if kind is Kind.NUMBER:
        return pc.fill_null(format_values(values), "null")
    is_text = kind in (*TEXTS, Kind.CHOICE)
    inside = escape_texts(values, _UNSAFE, _escape) if is_text else format_values(values)
    return pc.fill_null(join_texts('"', inside, '"'), "null")
