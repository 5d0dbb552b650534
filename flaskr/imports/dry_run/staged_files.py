"""Reads a file into the staging database: maps its columns, parses values, notes faults."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.readers.dispatch import CellBatch, TableFile
from flaskr.imports.dry_run.parsing import (
    CellDoubt,
    ParsedColumn,
    ParsingRules,
    parse_column,
    reference_keys,
)
from flaskr.imports.dry_run.result import ColumnUse
from flaskr.imports.dry_run.staging import DoubtRow, FaultRow, Staging
from flaskr.imports.loaded_columns import (
    CLAIMS,
    LAYOUTS,
    SKIPPED_COLUMNS,
    Layout,
    missing_columns,
    recognised_contents,
)
from flaskr.imports.tasks import FileToRead, ImportRefused
from flaskr.values.text import reference_key

_SHOWN_CHARACTERS = 40
_STAGING_TYPES = {
    Kind.REFERENCE: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.CHOICE: "VARCHAR",
    Kind.AMOUNT: "BIGINT",
    Kind.DAY: "DATE",
    Kind.INSTANT: "TIMESTAMP",
}
_KEYED = {"claim_reference": "claim_key", "policy_number": "policy_key"}
_EMPTY = "The cell is empty. Fill it in."


@dataclass(frozen=True)
class FileColumns:
    """How the columns of one file are used."""

    layout: Layout
    uses: tuple[ColumnUse, ...]
    titles: Mapping[str, str]  # the file's titles of loaded columns, by the book's name
    constants: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def given(self) -> set[str]:
        """The names of the columns that have values, from the file or a constant."""
        return {*self.titles, *self.constants}

    @property
    def currency_title(self) -> str | None:
        """The file's column of currencies, which must be the book's."""
        return next((use.title for use in self.uses if use.name == "currency"), None)


def file_columns(file: FileToRead, titles: tuple[str, ...], *, is_migration: bool) -> FileColumns:
    """Return how the columns of a file are used, and the layout that it has.

    Raises ImportRefused when no column is known, two mean the same, or a mapping does not fit.
    """
    contents = file.contents or recognised_contents([file.columns.get(t, t) or t for t in titles])
    if contents is None:
        names = "; ".join(
            f"{layout.contents}: {', '.join(layout.names[:4])}, …" for layout in LAYOUTS.values()
        )
        raise ImportRefused(
            f"{file.name}: no column of this file is recognised. The first row must name "
            f"them ({names})."
        )
    layout = LAYOUTS[contents]
    _check_mapping(file, titles, layout)
    skipped = SKIPPED_COLUMNS[is_migration, contents]
    uses = tuple(_column_use(title, file, layout, skipped) for title in titles)
    loaded: dict[str, str] = {}
    for use in uses:
        if use.is_loaded and use.name in loaded:
            raise ImportRefused(
                f"{file.name}: the columns {loaded[use.name]} and {use.title} both mean "
                f"{use.name}. Leave one of them out."
            )
        if use.is_loaded:
            loaded[use.name] = use.title
    constants = {
        name: text
        for name, text in file.constants.items()
        if name not in loaded and name not in skipped
    }
    given = {*loaded, *constants}
    missing = missing_columns(layout, given)
    is_bare = layout is CLAIMS and given == {"claim_reference"} and not is_migration
    if is_bare:
        missing = ["claim_cost"]  # otherwise a cost under an unknown title would be ignored
    return FileColumns(layout, uses, loaded, constants, tuple(missing))


def _check_mapping(file: FileToRead, titles: tuple[str, ...], layout: Layout) -> None:
    """Raise ImportRefused for a mapping or a constant of a column that does not exist."""
    for title, name in file.columns.items():
        if title not in titles:
            raise ImportRefused(f"{file.name} has no column {title}.")
        if name and name not in layout.names:
            raise ImportRefused(
                f"{title} cannot be {name}: a file of {layout.contents} has "
                f"{', '.join(layout.names)}."
            )
    for name in file.constants:
        if name not in layout.names or name == layout.key:
            raise ImportRefused(f"{name} cannot have one value for all rows.")


def _column_use(
    title: str, file: FileToRead, layout: Layout, skipped: Mapping[str, str]
) -> ColumnUse:
    """Return the use of a column: as mapped by hand, else by its title."""
    name = file.columns.get(title, layout.column_for(title))
    if name == "":
        return ColumnUse(title, "", False, "left out")
    if name is None:
        return ColumnUse(title, "", False, "not known: left out")
    skip_reason = {**layout.derived, **skipped}.get(name)
    return ColumnUse(title, name, skip_reason is None, skip_reason or "")


class StagedRows:
    """Puts the rows of one file into the staging table named after its contents."""

    def __init__(
        self, staging: Staging, at: int, columns: FileColumns, rules: ParsingRules
    ) -> None:
        self.staging, self.at, self.columns, self.rules = staging, at, columns, rules
        self.rows = 0
        self.constants = {
            name: self._parse_constant(columns.layout.field(name), text)
            for name, text in columns.constants.items()
        }
        staging.run(f"CREATE TABLE {columns.layout.contents} ({staged_columns(columns.layout)})")

    def _parse_constant(self, each: Column, text: str) -> Any:
        """Parse the value of a constant; raises ImportRefused when it is invalid."""
        parsed = parse_column(pa.array([text]), each, self.rules)
        if parsed.faults:
            raise ImportRefused(f"The value of {each.name} for all rows: {parsed.faults[0].text}")
        for doubt in parsed.doubts:  # a mapping has no row of the book to compare with
            if doubt.instead is None:
                raise ImportRefused(f"The value of {each.name} for all rows: {doubt.text}")
            return pa.scalar(doubt.instead)
        return parsed.values[0]

    def staged_batch(self, batch: CellBatch) -> pa.RecordBatch:
        """Parse a batch of the file's rows; faults are added to the staging database."""
        faults: list[FaultRow] = [
            (self.at, fault.row, None, fault.text[:_SHOWN_CHARACTERS], fault.sentence)
            for fault in batch.faults
        ]
        columns: dict[str, pa.Array] = {"row": batch.rows}
        for each in self.columns.layout.fields:
            if each.name in self.columns.titles:
                cells = batch.cells.column(self.columns.titles[each.name])
                columns[each.name] = self._parse_column(batch, each, cells, faults)
            elif each.name in self.constants:
                columns[each.name] = pa.repeat(self.constants[each.name], len(batch.rows))
        for name, key in _KEYED.items():
            if name in columns:
                columns[key] = reference_keys(columns[name])
        self._check_currency(batch, faults)
        self.staging.add_faults(faults)
        self.rows += len(batch.rows) + len(batch.faults)
        return pa.RecordBatch.from_pydict(columns)

    def _parse_column(
        self, batch: CellBatch, each: Column, cells: pa.Array, faults: list[FaultRow]
    ) -> pa.Array:
        """Parse a column; invalid cells, and empty ones that must not be, are added to `faults`."""
        parsed: ParsedColumn = parse_column(cells, each, self.rules)
        for fault in parsed.faults:
            faults.append(self._fault(batch, each.name, cells, fault.at, fault.text))
        self.staging.add_doubts([self._doubt(batch, each.name, cells, d) for d in parsed.doubts])
        if not each.may_be_empty and cells.null_count:
            empty = pc.indices_nonzero(cells.is_null()).to_pylist()
            faults.extend(self._fault(batch, each.name, cells, at, _EMPTY) for at in empty)
        return parsed.values

    def _fault(self, batch: CellBatch, name: str, cells: pa.Array, at: int, text: str) -> FaultRow:
        """Return the fault of one cell."""
        return (self.at, batch.rows[at].as_py(), name, _quoted(cells[at].as_py()), text)

    def _doubt(self, batch: CellBatch, name: str, cells: pa.Array, doubt: CellDoubt) -> DoubtRow:
        """Return the doubt about one cell."""
        key = None if doubt.instead is None else reference_key(doubt.instead)
        return (*self._fault(batch, name, cells, doubt.at, doubt.text), doubt.instead, key)

    def _check_currency(self, batch: CellBatch, faults: list[FaultRow]) -> None:
        """Note the rows whose currency is not the book's."""
        title = self.columns.currency_title
        if title is None:
            return
        cells = batch.cells.column(title).cast(pa.string())
        is_other = pc.fill_null(
            pc.not_equal(pc.utf8_trim_whitespace(cells), self.rules.currency), False
        )
        text = f"Amounts must be in the book's currency, {self.rules.currency}."
        for at in pc.indices_nonzero(is_other).to_pylist():
            faults.append(self._fault(batch, "currency", cells, at, text))


def staged_columns(layout: Layout) -> str:
    """Return the column definitions of the staging table for a layout."""
    fields = [f"{each.name} {_STAGING_TYPES[each.kind]}" for each in layout.fields]
    keys = [f"{key} VARCHAR" for name, key in _KEYED.items() if name in layout.names]
    return ", ".join(["row BIGINT", *fields, *keys])


def _quoted(value: object) -> str:
    """Return a cell as a message quotes it: short, on one line."""
    text = "" if value is None else str(value)
    if text.startswith("\0"):
        return "?"
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    short = visible[:_SHOWN_CHARACTERS]
    return f"{short}…" if len(visible) > _SHOWN_CHARACTERS else short


def stage_file(
    rows: StagedRows, table: TableFile, on_progress: Callable[[int, int, int], None]
) -> None:
    """Read all rows of a file into its staging table; `on_progress` gets (rows, bytes, size)."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in table.batches():
            yield rows.staged_batch(batch)
            on_progress(rows.rows, table.bytes_done, table.size)

    rows.staging.add_all(str(rows.columns.layout.contents), batches())
