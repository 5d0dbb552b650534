"""How the files of an import were read, as the form that reads them again shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flask import current_app

from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.result import ColumnUse, FileResult, Refusal
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.loaded_columns import (
    LAYOUTS,
    Layout,
    loaded_columns,
    normalized_title,
    recognised_contents,
)
from flaskr.imports.mapping.file_mapping import (
    UNDECIDED,
    Constant,
    FileMapping,
    MappedColumn,
    MappedValue,
)
from flaskr.imports.mapping.remembered import remembered_columns
from flaskr.imports.tasks import FileToRead


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
        "strips_controls": file.strips_controls,
        "takes_identity_numbers": file.takes_identity_numbers,
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
    remembered_from, columns = _with_offers(columns, contents, names)
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
        remembered_from=remembered_from,
        asks=result.asks,
    )


def _with_offers(
    columns: tuple[MappedColumn, ...], contents: Contents, names: tuple[str, ...]
) -> tuple[int, tuple[MappedColumn, ...]]:
    """Return the undecided columns with what the last such file had; and its import, else 0."""
    if not any(column.is_undecided for column in columns):
        return 0, columns
    import_id, known = remembered_columns([column.title for column in columns], contents)
    found = {title: name for title, name in known.items() if name in ("", *names)}
    offered = tuple(
        replace(column, offered=found.get(normalized_title(column.title)))
        if column.is_undecided
        else column
        for column in columns
    )
    return import_id, offered


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
) -> tuple[Constant, ...]:
    """Return the columns that can have one value for all rows: those that the file lacks."""
    mapped = {column.name for column in columns}
    return tuple(
        Constant(name, given.get(name, ""), name in missing)
        for name in names
        if name not in mapped and name != layout.key
    )
