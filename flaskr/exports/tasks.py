"""A file that is ordered, and one that is made: what passes between the web and the workshop."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from flaskr.errors import ClaimBookError
from flaskr.exports.queries import FileSql
from flaskr.facts.columns import Columns
from flaskr.facts.lists import FileContents
from flaskr.files.formats import Form


class _DiskFull(ClaimBookError):
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
        raise _DiskFull(
            "The disk is full, and nothing was done. Whoever runs the book can free space: "
            "delete kept exports, or put INSTANCE_FOLDER on a larger disk."
        ) from error


@dataclass(frozen=True)
class ExportTask:
    """What to make and where: the book's address, what to read of it, the form, the empty file.

    `pseudonym_key` hides the names of columns that have pseudonyms.
    """

    address: str
    contents: FileContents
    sql: FileSql
    columns: Columns
    form: Form
    currency: str
    path: Path
    pseudonym_key: str | None = field(default=None, repr=False)
    is_counted_first: bool = False  # so that progress can be told


@dataclass(frozen=True)
class FileFacts:
    """What a made file is: its rows, amounts together, size, SHA-256, and how far the book was."""

    rows: int
    totals: dict[str, Decimal]
    size: int
    sha256: str
    watermark: dict[str, int]
