"""XLSX: typed cells, made a column at a time and streamed; XlsxWriter makes all around them.

Days and amounts are numbers with a format; texts are text cells, so that no formula runs and no
leading zero is lost. What a cell of Excel cannot hold as a number is text: amounts and numbers of
more than 15 digits, days before 1900-03-01, instants, which have microseconds and are in UTC. A
missing value has no cell, an empty text an empty one. XlsxWriter does not write the rows: it takes
a text from <r> to </r> for XML of its own, leaves some texts like _x0041_ to be misread, keeps the
rows in a temporary file, and is slower.
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
from flaskr.files.writers.lines import as_bytes, batches, digits, escaped, joined
from flaskr.files.writers.xlsx.limits import LONGEST_TEXT, check_bytes, check_rows, check_text
from flaskr.files.writers.xlsx.workbook import SHEET, Shell, shell

_COMPRESSION = 3  # twice as fast as 6, for a file some 10 % larger
# 15 digits, for amounts with the point between them: all that Excel keeps of a number.
_LONGEST_NUMBER = {Kind.AMOUNT: len("1234567890123.45"), Kind.NUMBER: 15}
_FIRST_DAY = 61  # 1900-03-01; before it Excel has a day that never was, 1900-02-29
_EPOCH = 25_569  # 1970-01-01

# Control characters, and noncharacters, that XML does not hold are written _xHHHH_; so is the
# underscore of a text in which a reader would see such an escape where there is none.
_CONTROLS = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
_UNSAFE = r"[&<>]|[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}"
_ESCAPES = re.compile(rf"[&<>{_CONTROLS}]|_(?=x[0-9A-Fa-f]{{4}}[_{_CONTROLS}])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def _escape(text: str) -> str:
    """Return a text as it stands in the XML of a cell."""
    return _ESCAPES.sub(lambda m: _ENTITIES.get(m[0]) or f"_x{ord(m[0]):04X}_", text)


class SheetWriter:
    """Writes frames to the one sheet of a workbook; no file but the given one is touched.

    `rows` is how many there will be, if known: then too many are refused at once, and else with
    the first frame that does not fit (SheetTooSmall).
    """

    def __init__(
        self,
        file: IO[bytes],
        columns: tuple[Column, ...],
        rows: int | None = None,
        title: str = "Claims",
    ) -> None:
        check_rows(rows or 0)
        self.schema = schema_of(columns)
        self.columns = columns
        self.title = title
        self.rows = 0
        self.size = 0
        self.shell: Shell = shell(columns, title, 0)
        self.archive = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION)
        self.put("[Content_Types].xml", self.shell.parts["[Content_Types].xml"])
        self.sheet = self.archive.open(SHEET, "w")
        self.sheet.write(self.shell.head)

    def put(self, name: str, content: bytes) -> None:
        """Add a part; `open` and not `writestr`, which would note the time."""
        with self.archive.open(name, "w") as part:
            part.write(content)

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        check_rows(self.rows + len(frame))
        for batch in batches(frame, self.schema):
            lines = as_bytes(self.lines(batch))
            self.rows += len(batch)
            self.size += len(lines)
            check_bytes(self.size + len(self.shell.head) + len(self.shell.tail))
            self.sheet.write(lines)

    def lines(self, batch: pa.RecordBatch) -> pa.Array:
        """Return each row of a batch as XML."""
        first = self.rows + 2  # the header is row 1
        numbers = pa.array(np.arange(first, first + len(batch))).cast(pa.string())
        parts: list[pa.Array | str] = ['<row r="', numbers, '">']
        for place, (column, values) in enumerate(zip(self.columns, batch.columns, strict=True)):
            start = joined(self.shell.starts[place], numbers, self.shell.styles[place])
            parts.append(pc.fill_null(_cells(column.kind, values, start), ""))
        return joined(*parts, "</row>")

    def close(self) -> None:
        """Write the end of the sheet and the parts around it."""
        whole = shell(self.columns, self.title, self.rows)
        self.sheet.write(whole.tail)
        self.sheet.close()
        for name, content in whole.parts.items():
            if name != "[Content_Types].xml":
                self.put(name, content)
        self.archive.close()


def _cells(kind: Kind, values: pa.Array, start: pa.Array) -> pa.Array:
    """Return a column's cells, null where a value is missing; `start` opens each."""
    if kind is Kind.DAY:
        numbers = pc.add(values.cast(pa.int32()), _EPOCH)
        return _mixed(start, digits(numbers), digits(values), pc.less(numbers, _FIRST_DAY))
    if kind in (Kind.AMOUNT, Kind.NUMBER):
        plain = digits(values)
        long = pc.greater(pc.binary_length(pc.ascii_ltrim(plain, "-")), _LONGEST_NUMBER[kind])
        return _mixed(start, plain, plain, long)
    if kind is Kind.INSTANT:
        return _text_cells(start, digits(values))
    _check_lengths(values)
    return _text_cells(start, escaped(values, _UNSAFE, _escape))


def _check_lengths(texts: pa.Array) -> None:
    """Raise SheetTooSmall when a cell does not hold one of the texts."""
    # never fewer bytes than UTF-16 units, so only few texts, if any, are counted
    for text in texts.filter(pc.greater(pc.binary_length(texts), LONGEST_TEXT)).to_pylist():
        check_text(text)


def _mixed(start: pa.Array, numbers: pa.Array, texts: pa.Array, is_text: pa.Array) -> pa.Array:
    """Return cells that are numbers, but texts where no cell holds the number."""
    as_numbers = joined(start, "><v>", numbers, "</v></c>")
    if not pc.any(is_text).as_py():
        return as_numbers
    return pc.if_else(is_text, _text_cells(start, texts), as_numbers)


def _text_cells(start: pa.Array, texts: pa.Array) -> pa.Array:
    """Return cells with their text inside; spaces and line ends at its ends stay."""
    preserved = ' t="inlineStr"><is><t xml:space="preserve">'
    return joined(start, preserved, texts, "</t></is></c>")
