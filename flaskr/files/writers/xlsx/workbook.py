"""Everything in a workbook except the rows: styles, widths, a frozen bold header, a filter.

The workbook does not contain the time it was made, so that the same rows give the same bytes.
"""

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zipfile import ZipFile

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name, xl_range

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind

SHEET = "xl/worksheets/sheet1.xml"
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # constant, so the bytes are too
_FORMATS = {
    Kind.REFERENCE: "@",
    Kind.TEXT: "@",
    Kind.CHOICE: "@",
    Kind.DAY: "yyyy-mm-dd",
    Kind.INSTANT: "@",
    Kind.AMOUNT: "#,##0.00",
    Kind.NUMBER: "0",
}
_WIDTHS = {
    Kind.REFERENCE: 24,
    Kind.TEXT: 24,
    Kind.CHOICE: 14,
    Kind.DAY: 12,
    Kind.INSTANT: 28,
    Kind.AMOUNT: 18,
    Kind.NUMBER: 12,
}
_FILTER_BUTTON_WIDTH = 4


@dataclass(frozen=True)
class SheetTemplate:
    """The XML around the rows of a sheet, the start of each column's cells, and the other parts."""

    head: bytes
    tail: bytes
    starts: list[str]  # of a cell, up to its row number
    styles: list[str]  # of a cell, from its row number to the end of its attributes
    parts: dict[str, bytes]


def sheet_template(columns: tuple[Column, ...], title: str, rows: int) -> SheetTemplate:
    """Return the template of a sheet with these columns and `rows` rows."""
    with ZipFile(_empty_workbook(columns, title, rows)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts.pop(SHEET).decode()
    head, _, rest = sheet.partition('<row r="2"')
    styles = re.findall(r'<c r="[A-Z]+2" s="(\d+)"/>', rest)
    tail = rest[rest.index("</sheetData>") :]
    # The dimension is that of the empty sheet; without one, readers read all rows.
    head = re.sub(r"<dimension [^>]*/>", "", head)
    return SheetTemplate(
        head=head.encode(),
        tail=tail.encode(),
        starts=[f'<c r="{xl_col_to_name(place)}' for place in range(len(columns))],
        styles=[f'" s="{style}"' for style in styles],
        parts=parts,
    )


def _empty_workbook(columns: tuple[Column, ...], title: str, rows: int) -> io.BytesIO:
    """Return a workbook with a header and one row of blank cells in each column's style."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        formats = {kind: book.add_format({"num_format": _FORMATS[kind]}) for kind in Kind}
        for place, column in enumerate(columns):
            width = max(_WIDTHS[column.kind], len(column.name) + _FILTER_BUTTON_WIDTH)
            sheet.set_column(place, place, width, formats[column.kind])
            sheet.write_string(0, place, column.name, bold)
            sheet.write_blank(1, place, None, formats[column.kind])
        sheet.freeze_panes(1, 0)
        last = len(columns) - 1
        sheet.autofilter(0, 0, rows, last)
        # Otherwise Excel flags each reference of digits as an error.
        sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, rows, last)})
    file.seek(0)
    return file
