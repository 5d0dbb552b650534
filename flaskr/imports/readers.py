"""Files into tables: a header and numbered rows of cells, whatever kind of file they came in."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from flaskr.imports.refusals import ImportRefused, Refusal

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 100
DELIMITERS = ",;\t"

Cells = list[object]


@dataclass(frozen=True)
class RawTable:
    """What stands in one file: `rows` are (number, cells) below the header, blank ones left out.

    Numbers count as a spreadsheet does, from 1. Every row has as many cells as the header.
    """

    file: str
    header: tuple[str, ...]
    rows: list[tuple[int, Cells]]


def read_table(path: Path) -> RawTable:
    """Read a CSV file, or the claims sheet of a workbook; raises ImportRefused when it cannot."""
    if path.stat().st_size > MOST_BYTES:
        refuse(path.name, f"The file is over {MOST_BYTES // 1024**2} MB. Split it.")
    content = path.read_bytes()
    if path.suffix.lower() == ".csv":
        return table_of(path.name, csv_rows(path.name, content))
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        from flaskr.imports.workbooks import workbook_rows  # openpyxl: only when it is needed

        return table_of(path.name, workbook_rows(path.name, content))
    refuse(path.name, "Only .xlsx and .csv files can be read. Save it as one of them.")


def refuse(file: str, text: str, row: int | None = None) -> NoReturn:
    """Refuse a file as a whole."""
    raise ImportRefused(Refusal(text, file, row))


def table_of(file: str, rows: Iterable[tuple[int, Cells]]) -> RawTable:
    """Take the first row with anything in it as the header, and the rest as rows of that width."""
    filled = ((number, cells) for number, cells in rows if not all(map(is_blank, cells)))
    header = [str(cell).strip() for cell in without_blank_end(next(filled, (0, []))[1])]
    if not header:
        refuse(file, "The file is empty. Its first row names the columns.")
    if len(header) > MOST_COLUMNS:
        refuse(file, f"The file has over {MOST_COLUMNS} columns. Keep those that are wanted.")
    kept: list[tuple[int, Cells]] = []
    for number, cells in filled:
        if len(kept) == MOST_ROWS:
            refuse(file, f"The file has over {MOST_ROWS:,} rows. Split it.")
        kept.append((number, fitted(file, number, cells, len(header))))
    return RawTable(file, tuple(header), kept)


def fitted(file: str, number: int, cells: Cells, width: int) -> Cells:
    """Return a row as wide as the header; what stands beyond it belongs to no column."""
    trimmed = without_blank_end(cells)
    if len(trimmed) > width:
        refuse(
            file, "The row has more cells than the header. Name every column, or clear it.", number
        )
    return cells[:width] + [None] * (width - len(cells))


def is_blank(cell: object) -> bool:
    """Whether nothing stands in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def without_blank_end(cells: Cells) -> Cells:
    """Return the cells up to the last that is not blank."""
    end = max((at for at, cell in enumerate(cells, 1) if not is_blank(cell)), default=0)
    return cells[:end]


def csv_rows(file: str, content: bytes) -> Iterator[tuple[int, Cells]]:
    """Yield (number, cells) of a CSV file parted by commas, semicolons or tabs; all are text."""
    text = decoded(file, content)
    first_line = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width = None
    try:
        for number, record in enumerate(records, 1):
            width = width or len(record)
            if record and len(record) < width:  # a file cut short ends so
                refuse(file, f"The row has {len(record)} cells, the header {width}.", number)
            yield number, list(record)
    except csv.Error as error:
        refuse(file, f"Line {records.line_num} cannot be read as CSV ({error}). Save it again.")


def decoded(file: str, content: bytes) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 when it says so itself."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        refuse(file, "The text is not UTF-8. Save the file as “CSV UTF-8”.")
