"""Reads a file that is given and adds it up, in the isolated process."""

import sys
from dataclasses import replace
from pathlib import Path

from flaskr.exports.verify.read_files import ReadFacts
from flaskr.exports.verify.sums import Sums
from flaskr.files.formats import FileFormat
from flaskr.files.readers.csv.table import LONGEST_ROW
from flaskr.files.readers.dispatch import opened
from flaskr.files.readers.options import (
    EncodingNotChosen,
    ReadingLimits,
    ReadingOptions,
    SheetNotChosen,
    Unreadable,
)
from flaskr.files.writers.excel_csv import BOM, SEPARATOR
from flaskr.isolation import Report

# Exports may be larger than imports: what a file takes is limited by the process, not here.
_LIMITS = ReadingLimits(
    file_bytes=sys.maxsize,
    unpacked_bytes=sys.maxsize,
    rows=sys.maxsize,
    columns=16_384,
    cell_length=LONGEST_ROW,
)


def read_given_file(report: Report, path: Path) -> ReadFacts:
    """Return the form, columns, rows and amounts of a file; raises Unreadable."""
    if not path.stat().st_size:  # JSON lines of no rows
        return ReadFacts(FileFormat.JSON_LINES, False, (), 0, {})
    with path.open("rb") as file:
        is_excel = file.read(len(BOM)) == BOM
    options = ReadingOptions(is_raw=True, separator=SEPARATOR if is_excel else ",")
    try:
        return _added_up(path, options, is_excel)
    except SheetNotChosen as several:
        return _added_up(path, replace(options, sheet=several.sheets[0]), is_excel)
    except EncodingNotChosen as error:
        raise Unreadable("The text of the file is not UTF-8.") from error


def _added_up(path: Path, options: ReadingOptions, is_excel: bool) -> ReadFacts:
    """Return what a file holds; raises Unreadable also for a row that has other cells."""
    with opened(path, options, _LIMITS) as table:
        sums = Sums(table, has_decimal_commas=is_excel)
        for batch in table.batches():
            for fault in batch.faults:
                raise Unreadable(f"Row {fault.row}: {fault.sentence}")
            sums.add(batch)
        is_excel_csv = is_excel and table.kind is FileFormat.CSV
        return ReadFacts(table.kind, is_excel_csv, table.titles, table.rows_done, sums.totals)
