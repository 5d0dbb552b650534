"""Choose the writer for a format."""

from typing import IO, Protocol

import pandas as pd

from flaskr.facts.columns import Columns
from flaskr.files.formats import Dialect, FileFormat, OutputFormat
from flaskr.files.writers.arrow import ArrowWriter
from flaskr.files.writers.csv import CsvWriter
from flaskr.files.writers.excel_csv import ExcelCsvWriter
from flaskr.files.writers.json_lines import JsonLinesWriter
from flaskr.files.writers.parquet import ParquetWriter
from flaskr.files.writers.xlsx.sheet import SheetWriter


class FormatWriter(Protocol):
    """What the writer of each format does."""

    def write(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""

    def close(self) -> None:
        """Write what is still buffered, and the end of the file."""


def writer_for(
    output_format: OutputFormat, columns: Columns, file: IO[bytes], title: str
) -> FormatWriter:
    """Return the writer of a format; `title` is the sheet name of a workbook."""
    if output_format.file_format is FileFormat.XLSX:
        return SheetWriter(file, columns, title=title)
    if output_format.file_format is FileFormat.PARQUET:
        return ParquetWriter(file, columns)
    if output_format.file_format is FileFormat.ARROW:
        return ArrowWriter(file, columns)
    if output_format.file_format is FileFormat.JSON_LINES:
        return JsonLinesWriter(file, columns)
    if output_format.dialect is Dialect.EXCEL_SV:
        return ExcelCsvWriter(file, columns, output_format.is_raw)
    return CsvWriter(file, columns, output_format.is_raw)
