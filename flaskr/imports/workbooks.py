"""Workbooks into rows, with care: a small file can unpack to gigabytes or claim a billion rows."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile, ZipFile

from flaskr.imports.readers import Cells, refuse

SHEET = "Claims"
MOST_PARTS = 1_000
MOST_UNPACKED = 256 * 1024 * 1024
MOST_RATIO = 200  # unpacked to packed; a plain sheet of numbers packs to about a tenth
RATIO_FROM = 8 * 1024 * 1024
LAST_ROW = 1_048_576  # of any spreadsheet
MOST_CELLS = 20_000_000  # gaps between cells too: a row with one cell at XFD has 16,384

BROKEN = "This is not a workbook that can be read. Open it and save it again as .xlsx."
# What a broken part makes zipfile, the XML parser and openpyxl raise.
UNREADABLE = (
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    SyntaxError,
    TypeError,
    ValueError,
    zlib.error,
)


def workbook_rows(file: str, content: bytes) -> Iterator[tuple[int, Cells]]:
    """Yield (number, cells) of the sheet “Claims”, or of the only sheet; formulas as their values.

    Raises ImportRefused for a broken or oversized workbook.
    """
    try:
        check_sizes(file, content)
        yield from sheet_rows(file, content)
    except UNREADABLE:
        refuse(file, BROKEN)


def check_sizes(file: str, content: bytes) -> None:
    """Refuse a workbook that would unpack to too much.

    zipfile stops reading a part at the size that its directory gives, so that size can be trusted.
    """
    with ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    is_bomb = unpacked > RATIO_FROM and unpacked > MOST_RATIO * len(content)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or is_bomb:
        refuse(file, "The workbook unpacks to too much. Save only the claims as a new workbook.")


def sheet_rows(file: str, content: bytes) -> Iterator[tuple[int, Cells]]:
    """Yield (number, cells) down to the last row that has any."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which are of no concern
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = chosen_sheet(file, book)
        sheet.reset_dimensions()  # else rows beyond the size that the sheet states are lost
        seen = 0
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            seen += len(cells)
            if number > LAST_ROW or seen > MOST_CELLS:
                refuse(file, "The sheet is too large. Save only the claims as a new workbook.")
            yield number, list(cells)


def chosen_sheet(file: str, book: Any) -> Any:
    """Return the sheet named “Claims”, or the only one there is."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if SHEET in sheets:
        return sheets[SHEET]
    if len(sheets) == 1:
        return next(iter(sheets.values()))
    refuse(file, f"The workbook has several sheets and none is named {SHEET}. Name one so.")
