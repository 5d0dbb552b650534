"""What a dry run found: what a page shows and what is confirmed; kept as JSON beside the plan."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN_ROWS = 10
SHOWN_REFUSALS = 200


@dataclass(frozen=True)
class Refusal:
    """One reason why a row, or with `row` None a whole file, cannot be taken."""

    file: str
    row: int | None
    column: str
    value: str
    text: str

    def __str__(self) -> str:
        """Return the place, the value there, and what to do."""
        place = self.file if self.row is None else f"{self.file}, row {self.row}"
        if self.column:
            place += f", {self.column} “{self.value}”"
        return f"{place}: {self.text}"


@dataclass(frozen=True)
class ColumnUse:
    """What becomes of one column of a file: `name` is the book's, empty when it is left out."""

    title: str
    name: str
    is_loaded: bool
    note: str = ""


@dataclass(frozen=True)
class ShownRow:
    """One row as a page shows it; `before` has what a change replaces."""

    row: int
    name: str
    after: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowClass:
    """The rows of a file with one outcome; amounts as exact texts, of a change the differences."""

    name: str  # created, changed, unchanged or refused
    rows: int = 0
    amounts: Mapping[str, str] = field(default_factory=dict)
    first: tuple[ShownRow, ...] = ()


@dataclass(frozen=True)
class FileFound:
    """What one file is and what would become of it."""

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
    missing: tuple[str, ...]  # required columns: nothing more is known until they are given
    classes: tuple[RowClass, ...] = ()

    def rows_of(self, name: str) -> RowClass:
        """Return one class of the file's rows."""
        return next((each for each in self.classes if each.name == name), RowClass(name))


@dataclass(frozen=True)
class DryRun:
    """What an import would do to the book as it was at `watermark`; nothing is written yet."""

    files: tuple[FileFound, ...]
    refusals: tuple[Refusal, ...]  # the first of them
    refusal_count: int
    watermark: Mapping[str, int]
    warnings: tuple[str, ...] = ()
    entries: int = 0  # ledger entries that would be posted
    counters: Mapping[str, int] = field(default_factory=dict)  # what the book has allotted at least

    @property
    def is_mapped(self) -> bool:
        """Whether every required column is there."""
        return not any(found.missing for found in self.files)

    def count(self, name: str) -> int:
        """Return how many rows of all files are of one class."""
        return sum(found.rows_of(name).rows for found in self.files)

    @property
    def changes(self) -> int:
        """How many rows would change the book."""
        return self.count("created") + self.count("changed")

    def to_json(self) -> str:
        """Return the outcome as text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "DryRun":
        """Read what `to_json` wrote."""
        said = json.loads(text)
        files = tuple(_file_from(each) for each in said.pop("files"))
        refusals = tuple(Refusal(**each) for each in said.pop("refusals"))
        return cls(files, refusals, **{**said, "warnings": tuple(said["warnings"])})


def _file_from(said: dict[str, Any]) -> FileFound:
    """Read what stands of one file."""
    columns = tuple(ColumnUse(**each) for each in said.pop("columns"))
    classes = tuple(
        RowClass(**{**each, "first": tuple(ShownRow(**row) for row in each["first"])})
        for each in said.pop("classes")
    )
    said |= {name: tuple(said[name]) for name in ("sheets", "missing")}
    return FileFound(**said, columns=columns, classes=classes)
