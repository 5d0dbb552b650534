"""All of a workbook but its rows: styles, widths, a frozen bold header, a filter, no clock."""

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
_ROOM_FOR_ARROW = 4


@dataclass(frozen=True)
class Shell:
    """A workbook's parts: its sheet before and after the rows, what each cell begins with."""

    head: bytes
    tail: bytes
    starts: list[str]  # the cell up to the number of its row
    styles: list[str]  # and from there to the end of its attributes
    parts: dict[str, bytes]


def shell(columns: tuple[Column, ...], title: str, rows: int) -> Shell:
    """Return what is around `rows` rows of a sheet with these columns."""
    with ZipFile(_empty_workbook(columns, title, rows)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts.pop(SHEET).decode()
    head, _, rest = sheet.partition('<row r="2"')
    styles = re.findall(r'<c r="[A-Z]+2" s="(\d+)"/>', rest)
    tail = rest[rest.index("</sheetData>") :]
    # The dimension is that of the empty sheet; without it readers take all the rows there are.
    head = re.sub(r"<dimension [^>]*/>", "", head)
    return Shell(
        head=head.encode(),
        tail=tail.encode(),
        starts=[f'<c r="{xl_col_to_name(place)}' for place in range(len(columns))],
        styles=[f'" s="{style}"' for style in styles],
        parts=parts,
    )


def _empty_workbook(columns: tuple[Column, ...], title: str, rows: int) -> io.BytesIO:
    """Return a workbook with a header, and one row of blank cells that show each column's style."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        formats = {kind: book.add_format({"num_format": _FORMATS[kind]}) for kind in Kind}
        for place, column in enumerate(columns):
            width = max(_WIDTHS[column.kind], len(column.name) + _ROOM_FOR_ARROW)
            sheet.set_column(place, place, width, formats[column.kind])
            sheet.write_string(0, place, column.name, bold)
            sheet.write_blank(1, place, None, formats[column.kind])
        sheet.freeze_panes(1, 0)
        last = len(columns) - 1
        sheet.autofilter(0, 0, rows, last)
        # Else Excel marks each reference of digits as a mistake.
        sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, rows, last)})
    file.seek(0)
    return file
