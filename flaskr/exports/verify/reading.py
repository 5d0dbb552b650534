"""Read a file to verify and total its amounts; runs in the isolated process."""

import sys
from dataclasses import replace
from pathlib import Path

from flaskr.exports.verify.sums import ColumnSums
from flaskr.exports.verify.tasks import ReadFacts
from flaskr.files.formats import FileFormat
from flaskr.files.readers.csv.reader import MAX_ROW_BYTES
from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.excel_csv import is_excel_csv
from flaskr.files.readers.options import (
    EncodingNotChosen,
    ReadingLimits,
    ReadingOptions,
    SheetNotChosen,
    Unreadable,
)
from flaskr.files.writers.excel_csv import SEPARATOR
from flaskr.processes.isolation import Report

# Exports may be larger than imports; the isolated process limits what reading one may use.
_LIMITS = ReadingLimits(
    file_bytes=sys.maxsize,
    unpacked_bytes=sys.maxsize,
    rows=sys.maxsize,
    columns=16_384,
    cell_length=MAX_ROW_BYTES,
)


def read_file_facts(report: Report, path: Path) -> ReadFacts:
    """Return the format, columns, rows and totals of a file; raises Unreadable."""
    if not path.stat().st_size:  # JSON lines without rows
        return ReadFacts(FileFormat.JSON_LINES, False, (), 0, {})
    has_bom = is_excel_csv(path)
    separator = SEPARATOR if has_bom else ","
    options = ReadingOptions(is_raw=True, separator=separator, is_exact=True)
    try:
        return _read_sums(path, options, has_bom)
    except SheetNotChosen as several:
        return _read_sums(path, replace(options, sheet=several.sheets[0]), has_bom)
    except EncodingNotChosen as error:
        raise Unreadable("The text of the file is not UTF-8.") from error


def _read_sums(path: Path, options: ReadingOptions, has_bom: bool) -> ReadFacts:
    """Return the facts of a file; a row that cannot be split into cells raises Unreadable too."""
    with open_table(path, options, _LIMITS) as table:
        sums = ColumnSums(table, has_decimal_commas=has_bom)
        for batch in table.batches():
            for fault in batch.faults:
                raise Unreadable(f"Row {fault.row}: {fault.sentence}")
            sums.add(batch)
        is_excel = has_bom and table.file_format is FileFormat.CSV
        return ReadFacts(table.file_format, is_excel, table.titles, table.rows_done, sums.totals)
