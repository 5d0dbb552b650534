"""A file read into the staging database: what its columns mean, its values, and its faults."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.readers.dispatch import CellBatch, TableFile
from flaskr.imports.dry_run.parsing import Parsed, keys_of, parsed
from flaskr.imports.dry_run.staging import FaultRow, Staging
from flaskr.imports.dry_run_result import ColumnUse
from flaskr.imports.layouts import (
    CLAIMS,
    LAYOUTS,
    SKIPPED_COLUMNS,
    Layout,
    missing_columns,
    recognised,
)
from flaskr.imports.tasks import FileToRead, ImportRefused

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
    titles: Mapping[str, str]  # the file's own, by the name in the book, of those that are loaded
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


def columns_of(order: FileToRead, titles: tuple[str, ...], *, is_migration: bool) -> FileColumns:
    """Tell what a file is of and what its columns mean.

    Raises ImportRefused when no column is known, two mean the same, or a mapping names none.
    """
    contents = order.contents or recognised([order.columns.get(t, t) or t for t in titles])
    if contents is None:
        names = "; ".join(
            f"{layout.contents}: {', '.join(layout.names[:4])}, …" for layout in LAYOUTS.values()
        )
        raise ImportRefused(
            f"{order.name}: no column of this file is recognised. The first row must name "
            f"them ({names})."
        )
    layout = LAYOUTS[contents]
    _check_mapping(order, titles, layout)
    passed_over = SKIPPED_COLUMNS[is_migration, contents]
    uses = tuple(_use_of(title, order, layout, passed_over) for title in titles)
    loaded: dict[str, str] = {}
    for use in uses:
        if use.is_loaded and use.name in loaded:
            raise ImportRefused(
                f"{order.name}: the columns {loaded[use.name]} and {use.title} both mean "
                f"{use.name}. Leave one of them out."
            )
        if use.is_loaded:
            loaded[use.name] = use.title
    constants = {
        name: text
        for name, text in order.constants.items()
        if name not in loaded and name not in passed_over
    }
    given = {*loaded, *constants}
    missing = missing_columns(layout, given)
    is_bare = layout is CLAIMS and given == {"claim_reference"} and not is_migration
    if is_bare:
        missing = ["claim_cost"]  # else a cost under an unknown title would be passed over
    return FileColumns(layout, uses, loaded, constants, tuple(missing))


def _check_mapping(order: FileToRead, titles: tuple[str, ...], layout: Layout) -> None:
    """Raise ImportRefused for a mapping or a constant that fits nothing."""
    for title, name in order.columns.items():
        if title not in titles:
            raise ImportRefused(f"{order.name} has no column {title}.")
        if name and name not in layout.names:
            raise ImportRefused(
                f"{title} cannot be {name}: a file of {layout.contents} has "
                f"{', '.join(layout.names)}."
            )
    for name in order.constants:
        if name not in layout.names or name == layout.key:
            raise ImportRefused(f"{name} cannot have one value for all rows.")


def _use_of(
    title: str, order: FileToRead, layout: Layout, passed_over: Mapping[str, str]
) -> ColumnUse:
    """Return what becomes of a column: by hand, or by what it is called."""
    name = order.columns.get(title, layout.meant(title))
    if name == "":
        return ColumnUse(title, "", False, "left out")
    if name is None:
        return ColumnUse(title, "", False, "not known: left out")
    why_not = {**layout.derived, **passed_over}.get(name)
    return ColumnUse(title, name, why_not is None, why_not or "")


class StagedRows:
    """Puts the rows of one file into the staging table named after its contents."""

    def __init__(self, staging: Staging, at: int, columns: FileColumns, currency: str) -> None:
        self.staging, self.at, self.columns, self.currency = staging, at, columns, currency
        self.rows = 0
        self.constants = {
            name: self.constant(columns.layout.field(name), text)
            for name, text in columns.constants.items()
        }
        staging.run(f"CREATE TABLE {columns.layout.contents} ({staged_columns(columns.layout)})")

    def constant(self, each: Column, text: str) -> Any:
        """Return the value that a constant stands for; raises ImportRefused when it is none."""
        found = parsed(pa.array([text]), each, is_signed=self.columns.layout.is_signed)
        if found.faults:
            raise ImportRefused(f"The value of {each.name} for all rows: {found.faults[0].text}")
        return found.values[0]

    def made(self, batch: CellBatch) -> pa.RecordBatch:
        """Return a batch of the file's rows as values; what cannot be read is noted."""
        noted: list[FaultRow] = [
            (self.at, fault.row, None, fault.text[:_SHOWN_CHARACTERS], fault.sentence)
            for fault in batch.faults
        ]
        made: dict[str, pa.Array] = {"row": batch.rows}
        for each in self.columns.layout.fields:
            if each.name in self.columns.titles:
                cells = batch.cells.column(self.columns.titles[each.name])
                made[each.name] = self.read(batch, each, cells, noted)
            elif each.name in self.constants:
                made[each.name] = pa.repeat(self.constants[each.name], len(batch.rows))
        for name, key in _KEYED.items():
            if name in made:
                made[key] = keys_of(made[name])
        self._check_currency(batch, noted)
        self.staging.add_faults(noted)
        self.rows += len(batch.rows) + len(batch.faults)
        return pa.RecordBatch.from_pydict(made)

    def read(
        self, batch: CellBatch, each: Column, cells: pa.Array, noted: list[FaultRow]
    ) -> pa.Array:
        """Return a column's values; what cannot be read, or is not there, goes to `noted`."""
        found: Parsed = parsed(cells, each, is_signed=self.columns.layout.is_signed)
        for fault in found.faults:
            noted.append(self.fault(batch, each.name, cells, fault.at, fault.text))
        if not each.may_be_empty and cells.null_count:
            empty = pc.indices_nonzero(cells.is_null()).to_pylist()
            noted.extend(self.fault(batch, each.name, cells, at, _EMPTY) for at in empty)
        return found.values

    def fault(self, batch: CellBatch, name: str, cells: pa.Array, at: int, text: str) -> FaultRow:
        """Return what to note of one cell."""
        return (self.at, batch.rows[at].as_py(), name, _shown(cells[at].as_py()), text)

    def _check_currency(self, batch: CellBatch, noted: list[FaultRow]) -> None:
        """Note the rows whose currency is not the book's."""
        title = self.columns.currency_title
        if title is None:
            return
        cells = batch.cells.column(title).cast(pa.string())
        is_other = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(cells), self.currency), False)
        text = f"Amounts must be in the book's currency, {self.currency}."
        for at in pc.indices_nonzero(is_other).to_pylist():
            noted.append(self.fault(batch, "currency", cells, at, text))


def staged_columns(layout: Layout) -> str:
    """Return the columns of a staging database's table for a layout; the file may lack some."""
    named = [f"{each.name} {_STAGING_TYPES[each.kind]}" for each in layout.fields]
    keys = [f"{key} VARCHAR" for name, key in _KEYED.items() if name in layout.names]
    return ", ".join(["row BIGINT", *named, *keys])


def _shown(value: object) -> str:
    """Return a cell as a message quotes it: short, on one line."""
    text = "" if value is None else str(value)
    if text.startswith("\0"):
        return "?"
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    short = visible[:_SHOWN_CHARACTERS]
    return f"{short}…" if len(visible) > _SHOWN_CHARACTERS else short


def stage_file(rows: StagedRows, table: TableFile, tell: Callable[[int, int, int], None]) -> None:
    """Read all rows of a file into its table; `tell` gets rows, bytes read and bytes in all."""

    def told() -> Iterator[pa.RecordBatch]:
        for batch in table.batches():
            yield rows.made(batch)
            tell(rows.rows, table.bytes_done, table.size)

    rows.staging.add_all(str(rows.columns.layout.contents), told())
