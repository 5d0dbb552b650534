"""What is asked of an import, and what is known of the book it is for: passed between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from flaskr.errors import ClaimBookError
from flaskr.facts.lists import Contents
from flaskr.files.readers.options import ReadingLimits, ReadingOptions


class ImportRefused(ClaimBookError):
    """An import that is not taken; nothing of it is in the book."""

    status = 422
    at: int | None = None  # which of the files is why, and its columns, to read it otherwise
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileToRead:
    """One file to read, and how.

    `columns` are titles of the file mapped by hand to columns of the book, "" to leave one out;
    `constants` stand for columns that the file lacks. What is in it is told by the columns unless
    `contents` says.
    """

    path: Path
    name: str
    sha256: str
    size: int
    options: ReadingOptions = ReadingOptions()
    contents: Contents | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BookContext:
    """The book that an import is for: where it is, and what its rules go by."""

    address: str  # as flaskr.exports.making.snapshot takes it
    dialect: str
    currency: str
    time_zone: str
    today: date
    now: datetime


@dataclass(frozen=True)
class DryRunTask:
    """A dry run: the files, the book, and the folder that the plan is written to."""

    folder: Path
    files: tuple[FileToRead, ...]
    is_migration: bool
    book: BookContext
    limits: ReadingLimits


def refused_path(folder: Path, at: int) -> Path:
    """Return where the refused rows of the file at a place are."""
    return folder / f"refused-{at}.csv"
