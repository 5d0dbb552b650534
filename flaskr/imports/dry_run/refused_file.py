"""Writes the refused rows to a file, with their reasons, to be corrected and imported again."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from flaskr.files.readers.cells import CellBatch
from flaskr.files.writers.csv import FORMULA_STARTS
from flaskr.imports.dry_run.reading.opened_file import opened_file
from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.dry_run.result import ColumnUse
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.loaded_columns import LEFT_OUT, REFUSAL_COLUMNS, Layout
from flaskr.imports.tasks import DryRunTask, refused_path

_NUMBER = re.compile(r"[-+]?[0-9][0-9., ]*", re.ASCII)
_REASONS = """SELECT row, string_agg(DISTINCT coalesce(field || ': ', '') || text, ' ')
FROM refused WHERE file = $file AND row BETWEEN $first AND $last GROUP BY row"""


def write_refused(staging: Staging, at: int, columns: FileColumns, task: DryRunTask) -> None:
    """Write the refused rows of one file as a CSV that spreadsheets open and imports read.

    It needs no mapping: a column that was mapped by hand gets the book's title, and constants
    become columns. The text of a row that could not be split into cells is in the first one.
    """
    file = task.files[at]
    path = refused_path(task.folder, at)
    path.unlink(missing_ok=True)
    if not staging.one("SELECT count(*) FROM refused WHERE file = $file", file=at):
        return
    with (
        opened_file(file, task) as table,
        path.open("w", encoding="utf-8-sig", newline="") as output,
    ):
        currency = task.book.currency
        titles = {use.title: _title_of(use, columns.layout, currency) for use in columns.uses}
        titles = {old: new for old, new in titles.items() if new not in REFUSAL_COLUMNS}
        writer = csv.writer(output, delimiter=";", lineterminator="\r\n")
        writer.writerow([*titles.values(), *columns.constants, *REFUSAL_COLUMNS])
        for batch in table.batches():
            for cells, row, reason in _refused_rows(staging, at, batch, list(titles)):
                writer.writerow([*cells, *columns.constants.values(), str(row), reason])


def _title_of(use: ColumnUse, layout: Layout, currency: str) -> str:
    """Return the title with which a column is used the same way when it is imported again."""
    default = layout.column_for(use.title, currency)
    if use.is_loaded and default != use.name:
        return use.name
    is_left_out = not use.is_loaded and (default is None or default in layout.names)
    return f"{use.title}{LEFT_OUT}" if is_left_out else use.title


def _refused_rows(
    staging: Staging, at: int, batch: CellBatch, titles: list[str]
) -> Iterator[tuple[list[str], int, str]]:
    """Yield the refused rows of a batch: their cells, row numbers and the reasons."""
    numbers = [*batch.rows.to_pylist(), *(fault.row for fault in batch.faults)]
    if not numbers:
        return
    rows = staging.run(_REASONS, file=at, first=min(numbers), last=max(numbers)).fetchall()
    reasons: dict[int, str] = dict(rows)
    for place, row in enumerate(batch.rows.to_pylist()):
        if row in reasons:
            cells = [_cell_as_text(batch.cells.column(title)[place].as_py()) for title in titles]
            yield cells, row, reasons[row]
    for fault in batch.faults:
        rest = [""] * (len(titles) - 1)
        yield [_cell_as_text(fault.text), *rest], fault.row, reasons[fault.row]


def _cell_as_text(value: Any) -> str:
    """Return a cell as text, with an apostrophe before what a spreadsheet would run as a formula.

    A cell that the reader could not read is empty: its reason is in the row's.
    """
    text = "" if value is None else str(value)
    if text.startswith("\0"):
        return ""
    is_risky = text[:1] in FORMULA_STARTS and not _NUMBER.fullmatch(text)
    return f"'{text}" if text and is_risky else text
