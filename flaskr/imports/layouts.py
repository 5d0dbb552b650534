"""The files that can be imported: what columns each has, and which file is which."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flaskr.errors import ClaimBookError
from flaskr.imports.readers import RawTable, is_blank
from flaskr.imports.refusals import ImportRefused, Refusal

T = TypeVar("T")


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file; a title matches in any case, with spaces for underscores."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    also_called: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the file may have."""
        return self.required + self.optional

    def column(self, title: str) -> str | None:
        """Return the column that a title means."""
        key = "_".join(unicodedata.normalize("NFC", title).casefold().split())
        key = self.also_called.get(key, key)
        return key if key in self.columns else None


CLAIM_COSTS = Layout("claim costs", ("claim_reference", "claim_cost"))
POLICIES = Layout(
    "policies",
    ("policy_number", "line_of_business", "inception_date", "expiry_date", "premium", "deductible"),
    ("policyholder", "sum_insured", "cancelled_on", "recorded_at"),
)
CLAIMS = Layout(
    "claims",
    ("claim_reference", "policy_number", "loss_date", "reported_date"),
    ("cause", "description", "recorded_at"),
)
LEDGER = Layout(
    "ledger",
    (
        "claim_reference",
        "entry_type",
        "transaction_date",
        "recorded_at",
        "paid",
        "outstanding",
        "recovered",
    ),
    ("entry_number", "recorded_date"),
    {
        "claim": "claim_reference",
        "type": "entry_type",
        "txn_date": "transaction_date",
        "os": "outstanding",
        "rec": "recovered",
        "seq": "entry_number",
        "rec_local": "recorded_date",
    },
)
MIGRATION = (POLICIES, CLAIMS, LEDGER)


@dataclass(frozen=True)
class Row:
    """One row of a file, its cells by the layout's columns."""

    file: str
    number: int
    cells: Mapping[str, object]
    titles: Mapping[str, str]  # the columns as the file calls them

    def required(self, column: str, read: Callable[[object], T]) -> T:
        """Return what stands in a cell, read; raises ImportRefused when that cannot be."""
        cell = self.cells.get(column)
        if is_blank(cell):
            raise self.refused("The cell is empty. Fill it in.", column)
        try:
            return read(cell)
        except ClaimBookError as error:
            raise self.refused(str(error), column) from error

    def optional(self, column: str, read: Callable[[object], T]) -> T | None:
        """Return what stands in a cell, read; None when it is empty or the file lacks it."""
        return None if is_blank(self.cells.get(column)) else self.required(column, read)

    def refused(self, text: str, column: str | None = None) -> ImportRefused:
        """Return the refusal of this row, for what stands in one column when it is given."""
        title = self.titles.get(column, column) if column else None
        value = self.cells.get(column) if column else None
        return ImportRefused(Refusal(text, self.file, self.number, title, value))


@dataclass(frozen=True)
class Table:
    """A file whose layout is known."""

    layout: Layout
    rows: list[Row]


def recognise(raw: RawTable, layouts: Sequence[Layout]) -> Layout:
    """Return the layout that most of a file's columns belong to; raises ImportRefused for none."""

    def likeness(layout: Layout) -> tuple[int, int]:
        found = {layout.column(title) for title in raw.header} - {None}
        return len(found), -len(set(layout.required) - found)

    likely = max(layouts, key=likeness)
    if likeness(likely)[0] == 0:
        names = "; ".join(f"{layout.name}: {', '.join(layout.required)}" for layout in layouts)
        text = f"No column of this file is known. The first row names them ({names})."
        raise ImportRefused(Refusal(text, raw.file))
    return likely


def laid_out(raw: RawTable, layout: Layout) -> Table:
    """Return a file's rows by a layout's columns.

    Raises ImportRefused for columns that are missing, unknown or there twice: what is not
    understood is never passed over in silence.
    """
    refusals = []
    titles: dict[str, str] = {}
    for title in raw.header:
        column = layout.column(title)
        if column is None:
            known = ", ".join(layout.columns)
            text = f"A file of {layout.name} has no such column. Remove or rename it ({known})."
            refusals.append(Refusal(text, raw.file, column="column", value=title))
        elif column in titles:
            text = f"Two columns mean {column}. Keep one."
            refusals.append(Refusal(text, raw.file, column="column", value=title))
        else:
            titles[column] = title
    for column in layout.required:
        if column not in titles:
            text = f"The column {column} is missing. A file of {layout.name} has it."
            refusals.append(Refusal(text, raw.file))
    if refusals:
        raise ImportRefused(*refusals)
    columns = list(titles)
    rows = [
        Row(raw.file, number, dict(zip(columns, cells, strict=True)), titles)
        for number, cells in raw.rows
    ]
    return Table(layout, rows)
