"""How the files of an import were read, as the form that reads them again shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.result import ColumnUse, FileResult, Refusal
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.loaded_columns import (
    LAYOUTS,
    Layout,
    loaded_columns,
    missing_columns,
    recognised_contents,
)
from flaskr.imports.tasks import FileToRead

UNDECIDED = "?"  # instead of the name of a column: nobody has said what it means


@dataclass(frozen=True)
class MappedColumn:
    """One column of a file: the book's column it is loaded as, and the default by its title.

    Both are empty for a column that is left out, and UNDECIDED for an unknown one. `samples` are
    its first values.
    """

    title: str
    name: str
    default_name: str
    note: str = ""
    samples: tuple[str, ...] = ()

    @property
    def is_undecided(self) -> bool:
        """Whether somebody must say what it means, or leave it out."""
        return self.name == UNDECIDED


@dataclass(frozen=True)
class MappedValue:
    """A text of a file in a column with a closed list, and the value that it stands for."""

    name: str  # the book's column
    text: str
    value: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class _Constant:
    """A column that a file lacks, and one value for all its rows."""

    name: str
    value: str
    is_missing: bool  # required: rows are not read without it


@dataclass(frozen=True)
class FileMapping:
    """How one file is read; without columns it could not be read yet."""

    at: int
    name: str
    contents: str
    encoding: str
    sheet: str
    is_raw: bool
    is_text: bool
    names: tuple[str, ...] = ()  # the columns of the book to choose from
    sheets: tuple[str, ...] = ()
    columns: tuple[MappedColumn, ...] = ()
    constants: tuple[_Constant, ...] = ()
    values: tuple[MappedValue, ...] = ()
    header_row: int = 0
    day_order: str = ""
    takes_totals: bool = False
    takes_hidden: bool = False

    @property
    def sheet_choices(self) -> list[tuple[str, str]]:
        """The sheets as (value, label) pairs of a select field."""
        return [(sheet, sheet) for sheet in self.sheets]

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns that it lacks."""
        layout = LAYOUTS.get(Contents(self.contents)) if self.contents else None
        if layout is None:
            return ()
        given = {column.name for column in self.columns}
        given |= {each.name for each in self.constants if each.value}
        noted = {each.name for each in self.constants if each.is_missing}
        lacks_key = [layout.key] if self.columns and layout.key not in given else []
        return tuple(dict.fromkeys([*lacks_key, *missing_columns(layout, given), *noted]))

    @property
    def undecided(self) -> tuple[str, ...]:
        """The titles of the columns that are undecided."""
        return tuple(column.title for column in self.columns if column.is_undecided)


def file_mappings(job: Job) -> list[FileMapping]:
    """Return how each file of an import was read last, as far as it was read."""
    outcome = job.read(OUTCOME) or {}
    is_migration = job.request.is_migration
    if "refused" in outcome:
        files = enumerate(job.files)
        return [_refused_mapping(at, file, outcome, is_migration) for at, file in files]
    if not outcome:
        return [_requested_mapping(at, file) for at, file in enumerate(job.files)]
    pairs = zip(job.files, job.outcome.files, strict=True)
    refusals = job.outcome.refusals
    return [
        _read_mapping(at, file, result, refusals, is_migration)
        for at, (file, result) in enumerate(pairs)
    ]


def _requested_mapping(at: int, file: FileToRead, **known: Any) -> FileMapping:
    """Return how a file that has not been read is to be read."""
    options = file.options
    requested = {
        "contents": file.contents or "",
        "encoding": options.encoding,
        "sheet": options.sheet,
        "is_raw": options.is_raw,
        "is_text": True,
        "header_row": options.header_row,
        "day_order": file.day_order,
        "takes_totals": file.takes_totals,
        "takes_hidden": file.takes_hidden,
    }
    return FileMapping(at, file.name, **{**requested, **known})


def _refused_mapping(
    at: int, file: FileToRead, outcome: Mapping[str, Any], is_migration: bool
) -> FileMapping:
    """Return how a file was read in an import that was refused as a whole."""
    if outcome.get("at") != at:
        return _requested_mapping(at, file)
    sheets = tuple(outcome["sheets"])
    titles = list(outcome["titles"])
    named = [file.columns.get(title, title) or title for title in titles]
    contents = file.contents or recognised_contents(named, _currency())
    if not titles or contents is None:
        return _requested_mapping(at, file, sheets=sheets, is_text=not sheets)
    layout, names = LAYOUTS[contents], loaded_columns(contents, is_migration)
    columns = tuple(_requested_column(title, file, layout, names) for title in titles)
    constants = _constants_of(layout, names, columns, file.constants)
    return _requested_mapping(
        at, file, contents=contents, names=names, columns=columns, constants=constants
    )


def _requested_column(
    title: str, file: FileToRead, layout: Layout, names: tuple[str, ...]
) -> MappedColumn:
    """Return what a column is loaded as: as requested, else by its title."""
    default = _default_name(title, layout, names)
    name = file.columns.get(title, default)
    return MappedColumn(title, name if name in (*names, UNDECIDED) else "", default)


def _default_name(title: str, layout: Layout, names: tuple[str, ...]) -> str:
    """Return the column that a title stands for; empty when an import does not load it."""
    name = layout.column_for(title, _currency())
    if name is None:
        return UNDECIDED
    return name if name in names else ""


def _currency() -> str:
    """Return the book's currency."""
    return str(current_app.config["BOOK_CURRENCY"])


def _read_mapping(
    at: int,
    file: FileToRead,
    result: FileResult,
    refusals: tuple[Refusal, ...],
    is_migration: bool,
) -> FileMapping:
    """Return how a file was read."""
    contents = Contents(result.contents)
    layout, names = LAYOUTS[contents], loaded_columns(contents, is_migration)
    columns = tuple(_read_column(use, layout, names) for use in result.columns)
    return _requested_mapping(
        at,
        file,
        contents=result.contents,
        sheet=result.sheet,
        is_text=bool(result.encoding),
        names=names,
        sheets=result.sheets,
        columns=columns,
        constants=_constants_of(layout, names, columns, result.constants, result.missing),
        values=tuple(_mapped_values(file, layout, refusals)),
    )


def _read_column(use: ColumnUse, layout: Layout, names: tuple[str, ...]) -> MappedColumn:
    """Return what a column was loaded as."""
    default = _default_name(use.title, layout, names)
    name = use.name if use.is_loaded else UNDECIDED if use.is_undecided else ""
    return MappedColumn(use.title, name, default, use.note, use.samples)


def _mapped_values(
    file: FileToRead, layout: Layout, refusals: tuple[Refusal, ...]
) -> Iterator[MappedValue]:
    """Yield the texts of closed lists that are mapped, and those that are refused."""
    choices = {c.name: tuple(c.choices) for c in layout.fields if c.choices}
    for name, texts in file.values.items():
        for text, value in texts.items():
            yield MappedValue(name, text, value, choices.get(name, ()))
    for each in refusals:
        is_whole = each.value and not each.value.endswith("…")
        if each.file == file.name and each.name in choices and is_whole:
            yield MappedValue(each.name, each.value, "", choices[each.name])


def _constants_of(
    layout: Layout,
    names: tuple[str, ...],
    columns: tuple[MappedColumn, ...],
    given: Mapping[str, str],
    missing: tuple[str, ...] = (),
) -> tuple[_Constant, ...]:
    """Return the columns that can have one value for all rows: those that the file lacks."""
    mapped = {column.name for column in columns}
    return tuple(
        _Constant(name, given.get(name, ""), name in missing)
        for name in names
        if name not in mapped and name != layout.key
    )
