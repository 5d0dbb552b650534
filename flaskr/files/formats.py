"""The forms that a file comes in."""

from dataclasses import dataclass
from enum import StrEnum

from flaskr.errors import ClaimBookError


class ExportError(ClaimBookError):
    """A file that could not be made; nothing of it is kept."""

    status = 500


class FileFormat(StrEnum):
    """The forms that a file comes in; each value is also the end of its name."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"
    JSON_LINES = "jsonl"


class Dialect(StrEnum):
    """How CSV is written for other readers than the plain one's."""

    EXCEL_SV = "excel-sv"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
    FileFormat.ARROW: "application/vnd.apache.arrow.stream",
    FileFormat.JSON_LINES: "application/jsonl",
}


@dataclass(frozen=True)
class Form:
    """The form of a file; `is_raw`: CSV text exactly as it is, without the guard of formulas."""

    file_format: FileFormat = FileFormat.CSV
    dialect: Dialect | None = None
    is_raw: bool = False
