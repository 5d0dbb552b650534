"""What the web process and the isolated process exchange to make a file."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskr.database.failures import failure_of
from flaskr.exports.queries import FileSql
from flaskr.facts.closed_lists import FileContents
from flaskr.facts.columns import Columns
from flaskr.files.formats import OutputFormat

_logger = logging.getLogger(__name__)


@contextmanager
def explain_full_disk() -> Iterator[None]:
    """Turn the errors of a full disk, or of a folder that cannot be written, into a sentence."""
    try:
        yield
    except OSError as error:
        if (failure := failure_of(error)) is None:
            raise
        _logger.error("the disk is %s: %s", failure.word, error)
        raise failure.error() from error


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
