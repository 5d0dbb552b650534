"""Write CSV: UTF-8, LF line ends, quoted texts, dates as 2026-01-31, amounts as plain digits.

Instants are 2026-01-31 12:00:00.000000Z. A missing value is an empty cell, an empty text is "".
Every text is quoted because some readers end the row at a lone CR that is not.
"""

from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from flaskr.facts.columns import Column, formula_guarded_names
from flaskr.files.writers.frames import schema_of

# Spreadsheets treat a text that starts with one of these as a formula. The apostrophe is included
# because it is the escape character: removing exactly one restores every text.
FORMULA_STARTS = "=+-@\t\r\n\0'"
_FORMULA_START_BYTES = np.isin(np.arange(256), list(FORMULA_STARTS.encode()))


def escape_formulas(texts: pa.Array) -> pa.Array:
    """Return texts with an apostrophe before each that a spreadsheet would treat as a formula."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(texts.buffers()[2] or b"", dtype=np.uint8)
    has_first = offsets[:-1] < offsets[1:]
    risky = np.zeros(len(texts), dtype=bool)
    risky[has_first] = _FORMULA_START_BYTES[letters[offsets[:-1][has_first]]]
    if not risky.any():
        return texts
    return pc.if_else(pa.array(risky), pc.binary_join_element_wise("'", texts, ""), texts)


class CsvWriter:
    """Writes frames to a CSV file; a file without rows has a header too."""

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...], is_raw: bool) -> None:
        self.schema = schema_of(columns)
        self.texts = [] if is_raw else formula_guarded_names(columns)
        options = pyarrow.csv.WriteOptions(quoting_style="needed", batch_size=8192)
        self.writer = pyarrow.csv.CSVWriter(file, self.schema, write_options=options)

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        table = pa.Table.from_pandas(frame, schema=self.schema, preserve_index=False, nthreads=1)
        for name in self.texts:
            position = self.schema.get_field_index(name)
            safe = pa.chunked_array([escape_formulas(c) for c in table[name].chunks], pa.string())
            table = table.set_column(position, self.schema.field(name), safe)
        self.writer.write_table(table)

    def close(self) -> None:
        """Write what is still buffered."""
        self.writer.close()
