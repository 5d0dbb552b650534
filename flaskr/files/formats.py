"""The formats of the files that are read and written."""

from dataclasses import dataclass
from enum import StrEnum

from flaskr.errors import ClaimBookError


class ExportError(ClaimBookError):
    """A file could not be made; nothing of it is kept."""

    status = 500


class FileFormat(StrEnum):
    """The file formats; each value is also the file name extension."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"
    JSON_LINES = "jsonl"


class Dialect(StrEnum):
    """A variant of CSV for one particular program."""

    EXCEL_SV = "excel-sv"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
    FileFormat.ARROW: "application/vnd.apache.arrow.stream",
    FileFormat.JSON_LINES: "application/jsonl",
}


@dataclass(frozen=True)
class OutputFormat:
    """The format of a file to write; `is_raw`: CSV whose texts are not escaped against formulas."""

    file_format: FileFormat = FileFormat.CSV
    dialect: Dialect | None = None
    is_raw: bool = False
