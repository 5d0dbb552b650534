"""What the web process and the isolated process exchange to make a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.exports.queries import FileSql
from flaskr.facts.closed_lists import FileContents
from flaskr.facts.columns import Columns
from flaskr.files.formats import OutputFormat


class DiskFull(ClaimBookError):
    """The disk is full; nothing of the file is kept."""

    status = 507


@contextmanager
def explain_full_disk() -> Iterator[None]:
    """Turn the errors of a full disk, an exceeded quota or a size limit into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT, EFBIG):
            raise
        raise DiskFull(
            "The disk is full, and nothing was done. Whoever runs the book can free space: "
            "delete kept exports, or put INSTANCE_FOLDER on a larger disk."
        ) from error


@dataclass(frozen=True)
class ExportTask:
    """A file to make: the book's address, the statements, the format, and the empty file's path.

    `pseudonym_key` is the key for columns that have pseudonyms instead of names.
    """

    address: str
    contents: FileContents
    sql: FileSql
    columns: Columns
    output_format: OutputFormat
    currency: str
    time_zone: str
    path: Path
    pseudonym_key: str | None = field(default=None, repr=False)
    is_counted_first: bool = False  # so that progress can be reported


@dataclass(frozen=True)
class FileFacts:
    """The facts of a file: rows, totals, size, SHA-256, and the watermark of the book."""

    rows: int
    totals: dict[str, Decimal]
    size: int
    sha256: str
    watermark: dict[str, Any]
