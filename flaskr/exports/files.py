"""A file that is ordered, and one that is made: what passes between the web and the workshop."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from flaskr.errors import ClaimBookError
from flaskr.exports.queries import ClaimsSql


class ExportError(ClaimBookError):
    """A file that could not be made; nothing of it is kept."""

    status = 500


class FileFormat(StrEnum):
    """The forms that a file comes in; each value is also the end of its name."""

    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True)
class FileOrder:
    """What to make and where: the book's address, what to read of it, the form, the empty file."""

    address: str
    sql: ClaimsSql
    currency: str
    file_format: FileFormat
    is_raw: bool  # CSV only: text exactly as it is, without the guard against formulas
    path: Path


@dataclass(frozen=True)
class FileFacts:
    """What a made file is: its rows, amounts together, size, SHA-256, and how far the book was."""

    rows: int
    totals: dict[str, Decimal]
    size: int
    sha256: bytes
    watermark: dict[str, int]
