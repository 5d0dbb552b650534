"""The refused rows as a file: each as it was, with the reason, to be mended and sent again."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from flaskr.files.readers.dispatch import CellBatch, open_table
from flaskr.files.writers.csv import FORMULA_STARTS
from flaskr.imports.dry_run.staged_files import FileColumns
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.dry_run_result import ColumnUse
from flaskr.imports.layouts import REFUSAL_COLUMNS, Layout
from flaskr.imports.tasks import DryRunTask, refused_path

_NUMBER = re.compile(r"[-+]?[0-9][0-9., ]*", re.ASCII)
_REASONS = """SELECT row, string_agg(DISTINCT coalesce(field || ': ', '') || text, ' ')
FROM faults WHERE file = $file AND row BETWEEN $first AND $last GROUP BY row"""


def write_refused(staging: Staging, at: int, columns: FileColumns, order: DryRunTask) -> None:
    """Write the refused rows of one file, as a CSV that spreadsheets open and imports read.

    It needs no mapping: a column that was mapped by hand is called what it means, and constants
    stand in columns. Of a row that could not be parted into cells the text is in the first.
    """
    file = order.files[at]
    path = refused_path(order.folder, at)
    path.unlink(missing_ok=True)
    if not staging.one("SELECT count(*) FROM faults WHERE file = $file", file=at):
        return
    with (
        open_table(file.path, file.options, order.limits) as table,
        path.open("w", encoding="utf-8-sig", newline="") as made,
    ):
        kept = {use.title: _title_of(use, columns.layout) for use in columns.uses}
        kept = {old: new for old, new in kept.items() if new not in REFUSAL_COLUMNS}
        writer = csv.writer(made, delimiter=";", lineterminator="\r\n")
        writer.writerow([*kept.values(), *columns.constants, *REFUSAL_COLUMNS])
        for batch in table.batches():
            for cells, row, reason in _refused_rows(staging, at, batch, list(kept)):
                writer.writerow([*cells, *columns.constants.values(), str(row), reason])


def _title_of(use: ColumnUse, layout: Layout) -> str:
    """Return a title by which a column is read again as it was, without being mapped."""
    meant = layout.meant(use.title)
    if use.is_loaded and meant != use.name:
        return use.name
    is_left_out = not use.is_loaded and meant in layout.names
    return f"{use.title} (left out)" if is_left_out else use.title


def _refused_rows(
    staging: Staging, at: int, batch: CellBatch, kept: list[str]
) -> Iterator[tuple[list[str], int, str]]:
    """Yield the refused rows of a batch: their cells, row numbers and the reasons."""
    numbers = [*batch.rows.to_pylist(), *(fault.row for fault in batch.faults)]
    if not numbers:
        return
    found = staging.run(_REASONS, file=at, first=min(numbers), last=max(numbers)).fetchall()
    reasons: dict[int, str] = dict(found)
    for place, row in enumerate(batch.rows.to_pylist()):
        if row in reasons:
            cells = [_written(batch.cells.column(title)[place].as_py()) for title in kept]
            yield cells, row, reasons[row]
    for fault in batch.faults:
        rest = [""] * (len(kept) - 1)
        yield [_written(fault.text), *rest], fault.row, reasons[fault.row]


def _written(value: Any) -> str:
    """Return a cell as text; what a spreadsheet would take for a formula is guarded.

    A cell that could not be read as anything is empty: the reason tells of it.
    """
    text = "" if value is None else str(value)
    if text.startswith("\0"):
        return ""
    is_risky = text[:1] in FORMULA_STARTS and not _NUMBER.fullmatch(text)
    return f"'{text}" if text and is_risky else text
