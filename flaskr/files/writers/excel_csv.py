"""Write CSV for Swedish Excel: UTF-8 with BOM, `;`, decimal comma, CR LF line ends.

As in plain CSV, every text is quoted, a missing value is an empty cell and an empty text is "".
Amounts are their exact digits (-1234,50), dates 2026-01-31, instants 2026-01-31 12:00:00.000000Z.
Excel itself turns texts that look like numbers into numbers (00123 into 123), quoted or not; an
XLSX file keeps them.
"""

from typing import IO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import TEXTS, Kind
from flaskr.files.writers.csv import escape_formulas
from flaskr.files.writers.frames import schema_of
from flaskr.files.writers.lines import bytes_of, format_values, join_texts, record_batches

BOM = b"\xef\xbb\xbf"
SEPARATOR = ";"
_LINE_END = "\r\n"


class ExcelCsvWriter:
    """Writes frames to a CSV file for Excel; a file without rows has a header too."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...], is_raw: bool) -> None:
        self.file = file
        self.schema = schema_of(columns)
        self.kinds = [column.kind for column in columns]
        self.is_raw = is_raw
        header = SEPARATOR.join(f'"{column.name}"' for column in columns)
        file.write(BOM + (header + _LINE_END).encode())

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        for batch in record_batches(frame, self.schema):
            cells = [self.cells(*pair) for pair in zip(self.kinds, batch.columns, strict=True)]
            lines = pc.binary_join_element_wise(*cells, SEPARATOR)
            self.file.write(bytes_of(join_texts(lines, _LINE_END)))

    def cells(self, kind: Kind, values: pa.Array) -> pa.Array:
        """Return the cells of a column."""
        if kind in (Kind.DAY, Kind.INSTANT, Kind.NUMBER):
            return pc.fill_null(format_values(values), "")
        if kind is Kind.AMOUNT:
            return pc.fill_null(pc.replace_substring(format_values(values), ".", ","), "")
        safe = escape_formulas(values) if kind in TEXTS and not self.is_raw else values
        return pc.fill_null(join_texts('"', pc.replace_substring(safe, '"', '""'), '"'), "")

    def close(self) -> None:
        """Do nothing: every row is written already."""
