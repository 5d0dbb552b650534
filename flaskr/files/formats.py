"""The formats of the files that are read and written."""

from dataclasses import dataclass
from enum import StrEnum

from flaskr.errors import ClaimBookError


class ExportError(ClaimBookError):
    """A file could not be made; nothing of it is kept."""

    status = 500


class FileFormat(StrEnum):
    """The file formats, as addresses and commands name them."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"
    JSON_LINES = "jsonl"

    @property
    def extension(self) -> str:
        """The extension of the names of its files: an Arrow stream is not an Arrow file."""
        return "arrows" if self is FileFormat.ARROW else str(self)

    @classmethod
    def of_extension(cls, extension: str) -> "FileFormat | None":
        """Return the format that an extension stands for, or None."""
        return next((each for each in cls if extension in (each.value, each.extension)), None)


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
