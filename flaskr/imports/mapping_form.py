"""The mapping form of an import: how its files were read, and how they are to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import Contents
from flaskr.files.readers.options import Encoding
from flaskr.imports.dry_run.result import ColumnUse, FileResult
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.loaded_columns import (
    LAYOUTS,
    Layout,
    loaded_columns,
    missing_columns,
    recognised_contents,
)
from flaskr.imports.tasks import FileToRead


class _UnknownChoice(ClaimBookError):
    """A choice that the form did not offer."""

    status = 400


@dataclass(frozen=True)
class _MappedColumn:
    """One column of a file: the book's column it is loaded as, and the default by its title."""

    title: str
    name: str  # the book's column that it is loaded as, empty when it is left out
    default_name: str  # the same by its title alone
    note: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether it is left out because its title is unknown."""
        return not self.name and self.note.startswith("not known")


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
    columns: tuple[_MappedColumn, ...] = ()
    constants: tuple[_Constant, ...] = ()

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
        given = {column.name for column in self.columns if column.name}
        given |= {each.name for each in self.constants if each.value}
        noted = {each.name for each in self.constants if each.is_missing}
        lacks_key = [layout.key] if self.columns and layout.key not in given else []
        return tuple(dict.fromkeys([*lacks_key, *missing_columns(layout, given), *noted]))

    @property
    def has_unknown(self) -> bool:
        """Whether a column is left out because its title is unknown."""
        return any(column.is_unknown for column in self.columns)


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
    return [
        _read_mapping(at, file, result, is_migration) for at, (file, result) in enumerate(pairs)
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
    contents = file.contents or recognised_contents([file.columns.get(t, t) or t for t in titles])
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
) -> _MappedColumn:
    """Return what a column is loaded as: as requested, else by its title."""
    default = _default_name(title, layout, names)
    name = file.columns.get(title, default)
    return _MappedColumn(title, name if name in names else "", default)


def _default_name(title: str, layout: Layout, names: tuple[str, ...]) -> str:
    """Return the column that a title stands for; empty when an import does not load it."""
    name = layout.column_for(title)
    return name if name in names else ""


def _read_mapping(at: int, file: FileToRead, result: FileResult, is_migration: bool) -> FileMapping:
    """Return how a file was read."""
    contents = Contents(result.contents)
    layout, names = LAYOUTS[contents], loaded_columns(contents, is_migration)
    columns = tuple(_read_column(use, layout, names) for use in result.columns)
    return FileMapping(
        at,
        result.name,
        result.contents,
        file.options.encoding,
        result.sheet,
        file.options.is_raw,
        is_text=bool(result.encoding),
        names=names,
        sheets=result.sheets,
        columns=columns,
        constants=_constants_of(layout, names, columns, result.constants, result.missing),
    )


def _read_column(use: ColumnUse, layout: Layout, names: tuple[str, ...]) -> _MappedColumn:
    """Return what a column was loaded as."""
    default = _default_name(use.title, layout, names)
    return _MappedColumn(use.title, use.name if use.is_loaded else "", default, use.note)


def _constants_of(
    layout: Layout,
    names: tuple[str, ...],
    columns: tuple[_MappedColumn, ...],
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


def requested_files(job: Job, sent: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the files of an import with the options that a form chose; raises _UnknownChoice."""
    pairs = zip(job.request.files, file_mappings(job), strict=True)
    return tuple({**file, **_requested_file(mapping, file, sent)} for file, mapping in pairs)


def _requested_file(
    mapping: FileMapping, file: Mapping[str, Any], sent: Mapping[str, str]
) -> dict[str, Any]:
    """Return the options that a form chose for one file.

    Other contents, another sheet or encoding reset the mapping of its columns."""
    at = mapping.at
    contents = _one_of(sent.get(f"contents-{at}", mapping.contents), ("", *Contents))
    encoding = _one_of(sent.get(f"encoding-{at}", mapping.encoding), tuple(Encoding))
    sheet = _one_of(sent.get(f"sheet-{at}", mapping.sheet), ("", mapping.sheet, *mapping.sheets))
    is_raw = bool(sent.get(f"raw-{at}")) if f"encoding-{at}" in sent else mapping.is_raw
    options: dict[str, Any] = {"encoding": encoding, "sheet": sheet, "is_raw": is_raw}
    if contents != mapping.contents:
        return {**options, "contents": contents, "columns": {}, "constants": {}}
    if (sheet, encoding) != (mapping.sheet, mapping.encoding):
        return {**options, "columns": {}, "constants": {}}
    if not mapping.columns:
        return {**options, "contents": file.get("contents", "") or contents}
    columns = {
        column.title: name
        for number, column in enumerate(mapping.columns)
        if (name := _one_of(sent.get(f"column-{at}-{number}", column.name), ("", *mapping.names)))
        != column.default_name
    }
    values = {each.name: sent.get(f"constant-{at}-{each.name}", "") for each in mapping.constants}
    constants = {name: value.strip() for name, value in values.items() if value.strip()}
    return {**options, "columns": columns, "constants": constants}


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    """Return a choice that was offered; raises _UnknownChoice for another."""
    if value not in choices:
        raise _UnknownChoice("That choice is not on the list. Open the page again.")
    return str(value)
