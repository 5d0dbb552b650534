"""Reads a file into the staging database: parses its values and notes the faults."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.readers.dispatch import CellBatch, TableFile
from flaskr.imports.dry_run.reading.parsing import (
    CellDoubt,
    ParsedColumn,
    ParsingRules,
    parse_column,
    reference_keys,
)
from flaskr.imports.dry_run.reading.samples import Samples, shown_value
from flaskr.imports.dry_run.reading.totals import TOTAL, look_like_totals
from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.dry_run.staging import DoubtRow, FaultRow, Staging
from flaskr.imports.loaded_columns import Layout
from flaskr.imports.tasks import FileToRead, ImportRefused
from flaskr.values.currencies import currencies_of
from flaskr.values.text import reference_key

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
HIDDEN = (
    "The sheet hides this row. Show all rows and save it again, leave the row out, or choose to "
    "take hidden rows."
)


class StagedRows:
    """Puts the rows of one file into the staging table named after its contents."""

    def __init__(
        self,
        staging: Staging,
        at: int,
        file: FileToRead,
        columns: FileColumns,
        rules: ParsingRules,
    ) -> None:
        self.staging, self.at, self.file = staging, at, file
        self.columns, self.rules = columns, rules
        self.samples = Samples(use.title for use in columns.uses)
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
            (self.at, fault.row, None, shown_value(fault.text), fault.sentence)
            for fault in batch.faults
        ]
        self.samples.add(batch)
        columns: dict[str, pa.Array] = {"row": batch.rows}
        for each in self.columns.layout.fields:
            if each.name in self.columns.titles:
                title = self.columns.titles[each.name]
                columns[each.name] = self._parse_column(batch, each, title, faults)
            elif each.name in self.constants:
                columns[each.name] = pa.repeat(self.constants[each.name], len(batch.rows))
        for name, key in _KEYED.items():
            if name in columns:
                columns[key] = reference_keys(columns[name])
        self._check_currency(batch, faults)
        self._check_totals(batch, columns.get(self.columns.layout.key))
        if not self.file.takes_hidden:
            faults += [(self.at, row, None, "", HIDDEN) for row in sorted(batch.hidden)]
        self.staging.add_faults(faults)
        self.rows += len(batch.rows) + len(batch.faults)
        return pa.RecordBatch.from_pydict(columns)

    def _parse_column(
        self, batch: CellBatch, each: Column, title: str, faults: list[FaultRow]
    ) -> pa.Array:
        """Parse a column; invalid cells, and empty ones that must not be, are added to `faults`."""
        cells, shown_as = batch.cells.column(title), batch.shown_as.get(title)
        if each.kind is not Kind.TEXT:  # an empty text is a text, which replaces another
            cells = _without_empty(cells)
        parsed: ParsedColumn = parse_column(cells, each, self.rules, shown_as)
        for fault in parsed.faults:
            faults.append(self._fault(batch, each.name, cells, fault.at, fault.text))
        self.staging.add_doubts([self._doubt(batch, each.name, cells, d) for d in parsed.doubts])
        if not each.may_be_empty and cells.null_count:
            empty = pc.indices_nonzero(cells.is_null()).to_pylist()
            faults.extend(self._fault(batch, each.name, cells, at, _EMPTY) for at in empty)
        return parsed.values

    def _fault(self, batch: CellBatch, name: str, cells: pa.Array, at: int, text: str) -> FaultRow:
        """Return the fault of one cell."""
        return (self.at, batch.rows[at].as_py(), name, shown_value(cells[at].as_py()), text)

    def _doubt(self, batch: CellBatch, name: str, cells: pa.Array, doubt: CellDoubt) -> DoubtRow:
        """Return the doubt about one cell."""
        key = None if doubt.instead is None else reference_key(doubt.instead)
        return (*self._fault(batch, name, cells, doubt.at, doubt.text), doubt.instead, key)

    def _check_currency(self, batch: CellBatch, faults: list[FaultRow]) -> None:
        """Note the rows whose currency is not the book's."""
        for title in self.columns.currency_titles:
            self._check_currencies(batch, batch.cells.column(title).cast(pa.string()), faults)

    def _check_currencies(self, batch: CellBatch, cells: pa.Array, faults: list[FaultRow]) -> None:
        """Note the rows where a column of currencies has another than the book's."""
        others = [
            each
            for each in pc.unique(cells.drop_null()).to_pylist()
            if each.strip() and self.rules.currency not in currencies_of(each.strip())
        ]
        is_other = pc.is_in(cells, pa.array(others, pa.string()))
        text = f"Amounts must be in the book's currency, {self.rules.currency}."
        for at in pc.indices_nonzero(is_other).to_pylist():
            faults.append(self._fault(batch, "currency", cells, at, text))

    def _check_totals(self, batch: CellBatch, references: pa.Array | None) -> None:
        """Doubt the rows whose reference is a word for a total, unless they are to be taken."""
        if references is None or self.file.takes_totals:
            return
        key, places = self.columns.layout.key, pc.indices_nonzero(look_like_totals(references))
        doubts = (CellDoubt(at, TOTAL, None) for at in places.to_pylist())
        self.staging.add_doubts([self._doubt(batch, key, references, doubt) for doubt in doubts])


def _without_empty(cells: pa.Array) -> pa.Array:
    """Return cells with null for empty texts, which pandas writes for missing values."""
    if not pa.types.is_string(cells.type):
        return cells
    is_empty = pc.equal(pc.binary_length(cells), 0)
    return pc.if_else(is_empty, None, cells) if pc.any(is_empty).as_py() else cells


def staged_columns(layout: Layout) -> str:
    """Return the column definitions of the staging table for a layout."""
    fields = [f"{each.name} {_STAGING_TYPES[each.kind]}" for each in layout.fields]
    keys = [f"{key} VARCHAR" for name, key in _KEYED.items() if name in layout.names]
    return ", ".join(["row BIGINT", *fields, *keys])


def stage_file(
    rows: StagedRows, table: TableFile, on_progress: Callable[[int, int, int], None]
) -> None:
    """Read all rows of a file into its staging table; `on_progress` gets (rows, bytes, size)."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in table.batches():
            yield rows.staged_batch(batch)
            on_progress(rows.rows, table.bytes_done, table.size)

    rows.staging.add_all(str(rows.columns.layout.contents), batches())
