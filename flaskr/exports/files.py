"""A file that is ordered, and one that is made: what passes between the web and the workshop."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from flaskr.errors import ClaimBookError
from flaskr.exports.columns import Columns
from flaskr.exports.dictionary import Contents
from flaskr.exports.queries import FileSql


class ExportError(ClaimBookError):
    """A file that could not be made; nothing of it is kept."""

    status = 500


class DiskFull(ClaimBookError):
    """No room for a file; nothing of it stays."""

    status = 507


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turn a full disk, or a user's full share of it, into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT, EFBIG):
            raise
        raise DiskFull(
            "The disk is full, and nothing was done. Whoever runs the book can make room: delete "
            "kept exports, or give INSTANCE_FOLDER a larger disk."
        ) from error


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


@dataclass(frozen=True)
class FileOrder:
    """What to make and where: the book's address, what to read of it, the form, the empty file."""

    address: str
    contents: Contents
    sql: FileSql
    columns: Columns
    form: Form
    currency: str
    path: Path
    is_counted_first: bool = False  # so that progress can be told


@dataclass(frozen=True)
class FileFacts:
    """What a made file is: its rows, amounts together, size, SHA-256, and how far the book was."""

    rows: int
    totals: dict[str, Decimal]
    size: int
    sha256: str
    watermark: dict[str, int]
