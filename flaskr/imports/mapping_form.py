"""How the files of an import are read, as a form shows it, and as a form that is sent asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.facts.lists import Contents
from flaskr.files.readers.options import Encoding
from flaskr.imports.dry_run_result import ColumnUse, FileFound
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.layouts import LAYOUTS, Layout, loadable, missing_columns, recognised
from flaskr.imports.tasks import FileToRead


class _UnknownChoice(ClaimBookError):
    """A form that asks for what it did not offer."""

    status = 400


@dataclass(frozen=True)
class _MappedColumn:
    """One column of a file: what it means by itself, and what becomes of it."""

    title: str
    name: str  # of the book's column that it is loaded as, empty when it is left out
    meant: str  # the same, if nobody says otherwise
    note: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether it is left out because nobody knows what it is."""
        return not self.name and self.note.startswith("not known")


@dataclass(frozen=True)
class _Constant:
    """A column that a file lacks, and the one value for all rows that stands for it."""

    name: str
    value: str
    is_missing: bool  # without it, or a column that is it, nothing more is known


@dataclass(frozen=True)
class FileMapping:
    """How one file is read; without columns nothing could be read of it yet."""

    at: int
    name: str
    contents: str
    encoding: str
    sheet: str
    is_raw: bool
    is_text: bool
    names: tuple[str, ...] = ()  # the columns of the book that a column of the file can be
    sheets: tuple[str, ...] = ()
    columns: tuple[_MappedColumn, ...] = ()
    constants: tuple[_Constant, ...] = ()

    @property
    def sheet_choices(self) -> list[tuple[str, str]]:
        """The sheets, as a choice offers them."""
        return [(sheet, sheet) for sheet in self.sheets]

    @property
    def missing(self) -> tuple[str, ...]:
        """The columns that it lacks and must have."""
        layout = LAYOUTS.get(Contents(self.contents)) if self.contents else None
        if layout is None:
            return ()
        given = {column.name for column in self.columns if column.name}
        given |= {each.name for each in self.constants if each.value}
        said = {each.name for each in self.constants if each.is_missing}
        lacks_key = [layout.key] if self.columns and layout.key not in given else []
        return tuple(dict.fromkeys([*lacks_key, *missing_columns(layout, given), *said]))

    @property
    def has_unknown(self) -> bool:
        """Whether a column is left out because nobody knows what it is."""
        return any(column.is_unknown for column in self.columns)


def file_mappings(job: Job) -> list[FileMapping]:
    """Return how each file of an import was read last, as far as that came."""
    said = job.read(OUTCOME) or {}
    is_migration = job.asked.is_migration
    if "refused" in said:
        files = enumerate(job.files)
        return [_refused_mapping(at, file, said, is_migration) for at, file in files]
    if not said:
        return [_asked_mapping(at, file) for at, file in enumerate(job.files)]
    pairs = zip(job.files, job.outcome.files, strict=True)
    return [_found_mapping(at, file, found, is_migration) for at, (file, found) in enumerate(pairs)]


def _asked_mapping(at: int, file: FileToRead, **known: Any) -> FileMapping:
    """Return how a file is to be read, of which nothing is known but what was asked."""
    options = file.options
    asked = {
        "contents": file.contents or "",
        "encoding": options.encoding,
        "sheet": options.sheet,
        "is_raw": options.is_raw,
        "is_text": True,
    }
    return FileMapping(at, file.name, **{**asked, **known})


def _refused_mapping(
    at: int, file: FileToRead, said: Mapping[str, Any], is_migration: bool
) -> FileMapping:
    """Return how a file was read in an import that is refused as a whole."""
    if said.get("at") != at:
        return _asked_mapping(at, file)
    sheets = tuple(said["sheets"])
    titles = list(said["titles"])
    contents = file.contents or recognised([file.columns.get(t, t) or t for t in titles])
    if not titles or contents is None:
        return _asked_mapping(at, file, sheets=sheets, is_text=not sheets)
    layout, names = LAYOUTS[contents], loadable(contents, is_migration)
    columns = tuple(_asked_column(title, file, layout, names) for title in titles)
    constants = _constants_of(layout, names, columns, file.constants)
    return _asked_mapping(
        at, file, contents=contents, names=names, columns=columns, constants=constants
    )


def _asked_column(
    title: str, file: FileToRead, layout: Layout, names: tuple[str, ...]
) -> _MappedColumn:
    """Return what becomes of a column by what was asked, else by what it is called."""
    meant = layout.meant(title) or ""
    own = meant if meant in names else ""
    asked = file.columns.get(title, own)
    return _MappedColumn(title, asked if asked in names else "", own)


def _found_mapping(at: int, file: FileToRead, found: FileFound, is_migration: bool) -> FileMapping:
    """Return how a file was read."""
    contents = Contents(found.contents)
    layout, names = LAYOUTS[contents], loadable(contents, is_migration)
    columns = tuple(_found_column(use, layout, names) for use in found.columns)
    return FileMapping(
        at,
        found.name,
        found.contents,
        file.options.encoding,
        found.sheet,
        file.options.is_raw,
        is_text=bool(found.encoding),
        names=names,
        sheets=found.sheets,
        columns=columns,
        constants=_constants_of(layout, names, columns, found.constants, found.missing),
    )


def _found_column(use: ColumnUse, layout: Layout, names: tuple[str, ...]) -> _MappedColumn:
    """Return what became of a column."""
    meant = layout.meant(use.title) or ""
    own = meant if meant in names else ""
    return _MappedColumn(use.title, use.name if use.is_loaded else "", own, use.note)


def _constants_of(
    layout: Layout,
    names: tuple[str, ...],
    columns: tuple[_MappedColumn, ...],
    given: Mapping[str, str],
    missing: tuple[str, ...] = (),
) -> tuple[_Constant, ...]:
    """Return the columns for which one value can stand: those that the file lacks."""
    there = {column.name for column in columns}
    return tuple(
        _Constant(name, given.get(name, ""), name in missing)
        for name in names
        if name not in there and name != layout.key
    )


def files_as_sent(job: Job, sent: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the files of an import to be read as a form asks; raises UnknownChoice."""
    ways = file_mappings(job)
    pairs = zip(job.asked.files, ways, strict=True)
    return tuple({**said, **_as_sent(way, said, sent)} for said, way in pairs)


def _as_sent(way: FileMapping, said: Mapping[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form asks of one file; a file read otherwise has its columns told anew."""
    at = way.at
    contents = _one_of(sent.get(f"contents-{at}", way.contents), ("", *Contents))
    encoding = _one_of(sent.get(f"encoding-{at}", way.encoding), tuple(Encoding))
    sheet = _one_of(sent.get(f"sheet-{at}", way.sheet), ("", way.sheet, *way.sheets))
    is_raw = bool(sent.get(f"raw-{at}")) if f"encoding-{at}" in sent else way.is_raw
    asked: dict[str, Any] = {"encoding": encoding, "sheet": sheet, "is_raw": is_raw}
    if contents != way.contents:
        return {**asked, "contents": contents, "columns": {}, "constants": {}}
    if (sheet, encoding) != (way.sheet, way.encoding):
        return {**asked, "columns": {}, "constants": {}}
    if not way.columns:
        return {**asked, "contents": said.get("contents", "") or contents}
    columns = {
        column.title: name
        for number, column in enumerate(way.columns)
        if (name := _one_of(sent.get(f"column-{at}-{number}", column.name), ("", *way.names)))
        != column.meant
    }
    values = {each.name: sent.get(f"constant-{at}-{each.name}", "") for each in way.constants}
    constants = {name: value.strip() for name, value in values.items() if value.strip()}
    return {**asked, "columns": columns, "constants": constants}


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    """Return a choice that was offered; raises UnknownChoice for another."""
    if value not in choices:
        raise _UnknownChoice("That choice is not on the list. Open the page again.")
    return str(value)
