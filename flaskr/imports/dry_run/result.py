"""The result of a dry run: what a page shows and a user confirms; stored as JSON by the plan."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PREVIEW_ROWS = 10
LISTED_REFUSALS = 200
LISTED_ROWS = 10  # of one refusal


@dataclass(frozen=True)
class Refusal:
    """One reason why rows are refused: all rows of a file with the same value in the same column.

    `column` is the file's title, empty for whole rows; `name` is the book's column. `count` is the
    number of rows, `rows` are the first of them.
    """

    file: str
    count: int
    rows: tuple[int, ...]
    column: str
    value: str
    text: str
    name: str = ""

    @property
    def places(self) -> str:
        """The numbers of the rows, as a sentence lists them."""
        more = self.count - len(self.rows)
        listed = ", ".join(map(str, self.rows))
        return f"{listed} and {more} more" if more else listed

    def __str__(self) -> str:
        """Return where it is, the value there, and what to do."""
        place = f"{self.file}, {'row' if self.count == 1 else 'rows'} {self.places}"
        if self.column:
            place += f", {self.column} “{self.value}”"
        return f"{place}: {self.text}"


@dataclass(frozen=True)
class ColumnUse:
    """How one column of a file is used: `name` is the book's column, empty when it is left out.

    An undecided column is unknown to the book: somebody must say what it means, or leave it out.
    `samples` are its first values.
    """

    title: str
    name: str
    is_loaded: bool
    note: str = ""
    is_undecided: bool = False
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreviewRow:
    """One row as a page shows it; `before` has the values that a change replaces."""

    row: int
    name: str
    after: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowClass:
    """The rows of a file with one outcome; amounts as exact texts, for changes the differences."""

    name: str  # created, changed, unchanged or refused
    rows: int = 0
    amounts: Mapping[str, str] = field(default_factory=dict)
    first: tuple[PreviewRow, ...] = ()


@dataclass(frozen=True)
class FileResult:
    """What one file contains, and what would become of its rows."""

    name: str
    sha256: str
    size: int
    contents: str
    kind: str  # csv, xlsx, ...
    sheet: str
    sheets: tuple[str, ...]
    encoding: str
    rows: int
    columns: tuple[ColumnUse, ...]
    constants: Mapping[str, str]
    missing: tuple[str, ...]  # required columns: rows are not read until they are mapped
    classes: tuple[RowClass, ...] = ()
    notes: tuple[str, ...] = ()  # what was left out beside the rows
    choices: Mapping[str, Any] = field(default_factory=dict)  # how a person chose to read it
    asks: tuple[str, ...] = ()  # the options that would settle refusals

    @property
    def undecided(self) -> tuple[str, ...]:
        """The titles of the columns that are undecided: rows are not read until they are."""
        return tuple(use.title for use in self.columns if use.is_undecided)

    @property
    def is_mapped(self) -> bool:
        """Whether it has every required column, and no undecided one."""
        return not self.missing and not self.undecided

    def rows_of(self, name: str) -> RowClass:
        """Return one class of the file's rows."""
        return next((each for each in self.classes if each.name == name), RowClass(name))


@dataclass(frozen=True)
class DryRun:
    """What an import would do to the book as it was at `watermark`; nothing is written."""

    files: tuple[FileResult, ...]
    refusals: tuple[Refusal, ...]  # the first of them
    refusal_count: int  # of refused cells and rows
    group_count: int  # of refusals
    watermark: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    entries: int = 0  # ledger entries that would be posted
    counters: Mapping[str, int] = field(
        default_factory=dict
    )  # the least value that each counter must have
    refused_claims: int = 0  # of a migration: claims with a refused row, of which nothing is loaded
    can_leave_out: bool = True  # whether the good rows can be loaded without the refused ones

    @property
    def is_mapped(self) -> bool:
        """Whether every file has the columns that it needs, and all are decided."""
        return all(result.is_mapped for result in self.files)

    def count(self, name: str) -> int:
        """Return how many rows of all files are of one class."""
        return sum(result.rows_of(name).rows for result in self.files)

    @property
    def changes(self) -> int:
        """How many rows would be created or changed."""
        return self.count("created") + self.count("changed")

    def to_json(self) -> str:
        """Return the result as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "DryRun":
        """Parse what `to_json` wrote."""
        values = json.loads(text)
        files = tuple(_parse_file(each) for each in values.pop("files"))
        refusals = tuple(
            Refusal(**{**each, "rows": tuple(each["rows"])}) for each in values.pop("refusals")
        )
        return cls(files, refusals, **{**values, "warnings": tuple(values["warnings"])})


def _parse_file(values: dict[str, Any]) -> FileResult:
    """Return the result of one file from its JSON."""
    columns = tuple(
        ColumnUse(**{**each, "samples": tuple(each["samples"])}) for each in values.pop("columns")
    )
    classes = tuple(
        RowClass(**{**each, "first": tuple(PreviewRow(**row) for row in each["first"])})
        for each in values.pop("classes")
    )
    values |= {name: tuple(values[name]) for name in ("sheets", "missing", "notes", "asks")}
    return FileResult(**values, columns=columns, classes=classes)
