"""The tasks of imports, as they are passed to the isolated process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import Contents
from flaskr.files.readers.options import ReadingLimits, ReadingOptions


class DayOrder(StrEnum):
    """The order in which a file writes the parts of a day such as 05/01/2024."""

    UNKNOWN = ""
    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


class ImportRefused(ClaimBookError):
    """An import that is refused; nothing of it is in the book."""

    status = 422
    at: int | None = None  # the file at fault and its columns, so that they can be mapped
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileToRead:
    """One file to read, and how.

    `columns` maps titles of the file to columns of the book, "" to leave one out; `constants` are
    values for columns that the file lacks. Without `contents` its columns tell what it contains.
    `values` maps, by the book's column, texts of the file to values of a closed list; `day_order`
    is how days such as 05/01/2024 are written. `takes_totals` and `takes_hidden`: rows that look
    like totals, or that a filter hides, are rows like others.
    With `strips_controls` texts lose their control letters, instead of being refused. With
    `takes_identity_numbers` what looks like identity numbers in texts is something else.
    """

    path: Path
    name: str
    sha256: str
    size: int
    options: ReadingOptions = ReadingOptions()
    contents: Contents | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    day_order: DayOrder = DayOrder.UNKNOWN
    takes_totals: bool = False
    takes_hidden: bool = False
    strips_controls: bool = False
    takes_identity_numbers: bool = False

    @property
    def choices(self) -> dict[str, Any]:
        """What a person chose beside columns, constants, sheet and encoding, as it is recorded."""
        choices = {
            "header_row": self.options.header_row,
            "is_raw": self.options.is_raw,
            "day_order": str(self.day_order),
            "mapped_values": {name: dict(texts) for name, texts in self.values.items()},
            "takes_totals": self.takes_totals,
            "takes_hidden": self.takes_hidden,
            "strips_controls": self.strips_controls,
            "takes_identity_numbers": self.takes_identity_numbers,
        }
        return {name: value for name, value in choices.items() if value}


@dataclass(frozen=True)
class BookContext:
    """The book that an import is for: its address, and the settings that its rules depend on."""

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
    """Return the path of the refused rows of the file at a position."""
    return folder / f"refused-{at}.csv"
