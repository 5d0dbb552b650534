"""Which writer writes which form."""

from typing import IO, Protocol

import pandas as pd

from flaskr.facts.columns import Columns
from flaskr.files.formats import Dialect, FileFormat, Form
from flaskr.files.writers.arrow import ArrowWriter
from flaskr.files.writers.csv import CsvWriter
from flaskr.files.writers.excel_csv import ExcelCsvWriter
from flaskr.files.writers.json_lines import JsonLinesWriter
from flaskr.files.writers.parquet import ParquetWriter
from flaskr.files.writers.xlsx.rows import SheetWriter


class FrameWriter(Protocol):
    """What each form's writer does."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""

    def close(self) -> None:
        """Write what is left."""


def writer_for(form: Form, columns: Columns, file: IO[bytes], title: str) -> FrameWriter:
    """Return the writer of a form; `title` names a workbook's sheet."""
    if form.file_format is FileFormat.XLSX:
        return SheetWriter(file, columns, title=title)
    if form.file_format is FileFormat.PARQUET:
        return ParquetWriter(file, columns)
    if form.file_format is FileFormat.ARROW:
        return ArrowWriter(file, columns)
    if form.file_format is FileFormat.JSON_LINES:
        return JsonLinesWriter(file, columns)
    if form.dialect is Dialect.EXCEL_SV:
        return ExcelCsvWriter(file, columns, form.is_raw)
    return CsvWriter(file, columns, form.is_raw)
