"""Write the rows of a sheet as a stream of typed cells; XlsxWriter makes the rest of the workbook.

Dates and amounts are numbers with a format; texts are text cells, so that no formula runs and no
leading zero is lost. Values that Excel cannot hold as a number are texts: amounts and numbers of
more than 15 digits, dates before 1900-03-01, and instants (microseconds, UTC). A missing value has
no cell, an empty text has an empty cell. XlsxWriter does not write the rows: it takes a text from
<r> to </r> for its own XML, does not escape some texts like _x0041_, keeps the rows in a temporary
file, and is slower.
"""

import re
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.writers.frames import schema_of
from flaskr.files.writers.lines import (
    bytes_of,
    escape_texts,
    format_values,
    join_texts,
    record_batches,
)
from flaskr.files.writers.xlsx.limits import MAX_TEXT_UNITS, check_bytes, check_rows, check_text
from flaskr.files.writers.xlsx.workbook import SHEET, SheetTemplate, sheet_template

_COMPRESSION = 3  # twice as fast as 6, for a file some 10 % larger
# Excel keeps 15 digits of a number; amounts have a decimal point among them.
_LONGEST_NUMBER = {Kind.AMOUNT: len("1234567890123.45"), Kind.NUMBER: 15}
_FIRST_DAY = 61  # 1900-03-01; before it Excel has the non-existent 1900-02-29
_EPOCH = 25_569  # 1970-01-01

# Control characters and noncharacters, which XML cannot contain, are written _xHHHH_. So is an
# underscore that a reader would otherwise take for the start of such an escape.
_CONTROLS = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
_UNSAFE = r"[&<>]|[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}"
_ESCAPES = re.compile(rf"[&<>{_CONTROLS}]|_(?=x[0-9A-Fa-f]{{4}}[_{_CONTROLS}])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def _escape(text: str) -> str:
    """Return a text escaped for the XML of a cell."""
    return _ESCAPES.sub(lambda m: _ENTITIES.get(m[0]) or f"_x{ord(m[0]):04X}_", text)


class SheetWriter:
    """Writes frames to the only sheet of a workbook; uses no temporary files.

    Raises SheetTooSmall at the first frame that does not fit.
    """

    def __init__(self, file: IO[bytes], columns: tuple[Column, ...], title: str = "Claims") -> None:
        self.schema = schema_of(columns)
        self.columns = columns
        self.title = title
        self.rows = 0
        self.size = 0
        self.template: SheetTemplate = sheet_template(columns, title, 0)
        self.archive = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION)
        self.add_part("[Content_Types].xml", self.template.parts["[Content_Types].xml"])
        self.sheet = self.archive.open(SHEET, "w")
        self.sheet.write(self.template.head)

    def add_part(self, name: str, content: bytes) -> None:
        """Add a part; with `open`, because `writestr` would store the time."""
        with self.archive.open(name, "w") as part:
            part.write(content)

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        check_rows(self.rows + len(frame))
        for batch in record_batches(frame, self.schema):
            lines = bytes_of(self.lines(batch))
            self.rows += len(batch)
            self.size += len(lines)
            check_bytes(self.size + len(self.template.head) + len(self.template.tail))
            self.sheet.write(lines)

    def lines(self, batch: pa.RecordBatch) -> pa.Array:
        """Return each row of a batch as XML."""
        first = self.rows + 2  # the header is row 1
        numbers = pa.array(np.arange(first, first + len(batch))).cast(pa.string())
        parts: list[pa.Array | str] = ['<row r="', numbers, '">']
        for place, (column, values) in enumerate(zip(self.columns, batch.columns, strict=True)):
            start = join_texts(self.template.starts[place], numbers, self.template.styles[place])
            parts.append(pc.fill_null(_cells(column.kind, values, start), ""))
        return join_texts(*parts, "</row>")

    def close(self) -> None:
        """Write the end of the sheet and the parts around it."""
        final = sheet_template(self.columns, self.title, self.rows)
        self.sheet.write(final.tail)
        self.sheet.close()
        for name, content in final.parts.items():
            if name != "[Content_Types].xml":
                self.add_part(name, content)
        self.archive.close()


def _cells(kind: Kind, values: pa.Array, start: pa.Array) -> pa.Array:
    """Return a column's cells, null for missing values; `start` is the beginning of each cell."""
    if kind is Kind.DAY:
        numbers = pc.add(values.cast(pa.int32()), _EPOCH)
        return _number_cells(
            start, format_values(numbers), format_values(values), pc.less(numbers, _FIRST_DAY)
        )
    if kind in (Kind.AMOUNT, Kind.NUMBER):
        plain = format_values(values)
        long = pc.greater(pc.binary_length(pc.ascii_ltrim(plain, "-")), _LONGEST_NUMBER[kind])
        return _number_cells(start, plain, plain, long)
    if kind is Kind.INSTANT:
        return _text_cells(start, format_values(values))
    _check_lengths(values)
    return _text_cells(start, escape_texts(values, _UNSAFE, _escape))


def _check_lengths(texts: pa.Array) -> None:
    """Raise SheetTooSmall when one of the texts does not fit a cell."""
    # a text has at least as many bytes as UTF-16 units, so few texts need counting
    for text in texts.filter(pc.greater(pc.binary_length(texts), MAX_TEXT_UNITS)).to_pylist():
        check_text(text)


def _number_cells(
    start: pa.Array, numbers: pa.Array, texts: pa.Array, is_text: pa.Array
) -> pa.Array:
    """Return number cells, and text cells where `is_text`."""
    as_numbers = join_texts(start, "><v>", numbers, "</v></c>")
    if not pc.any(is_text).as_py():
        return as_numbers
    return pc.if_else(is_text, _text_cells(start, texts), as_numbers)


def _text_cells(start: pa.Array, texts: pa.Array) -> pa.Array:
    """Return cells with inline texts; leading and trailing white space is preserved."""
    preserved = ' t="inlineStr"><is><t xml:space="preserve">'
    return join_texts(start, preserved, texts, "</t></is></c>")
