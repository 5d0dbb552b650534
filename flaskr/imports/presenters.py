"""The result of a dry run as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flaskr.claims.ledger.balances import BALANCES
from flaskr.facts.labels import CLOSED_LISTS
from flaskr.imports.dry_run.result import DryRun, FileResult, PreviewRow, RowClass
from flaskr.imports.loaded_columns import AMOUNT_NAMES
from flaskr.values.money import ZERO
from flaskr.web.template_filters import format_fact, label_of

_SUMS = ("claim_cost", *BALANCES, "premium")


@dataclass(frozen=True)
class _RowClassView:
    """One class of a file's rows."""

    name: str
    rows: int
    amounts: Sequence[Decimal | None]
    columns: Sequence[str]
    first: Sequence[PreviewRow]


@dataclass(frozen=True)
class FileView:
    """One file and the classes of its rows; `sums` names the amounts of the classes."""

    result: FileResult
    sums: Sequence[str]
    classes: Sequence[_RowClassView]


def file_view(result: FileResult) -> FileView:
    """Return a file as a page shows it."""
    sums = [name for name in _SUMS if any(name in each.amounts for each in result.classes)]
    return FileView(result, sums, [_row_class_view(each, sums) for each in result.classes])


def _row_class_view(rows: RowClass, sums: Sequence[str]) -> _RowClassView:
    """Return a class of rows as a page shows it."""
    amounts = [Decimal(rows.amounts[name]) if name in rows.amounts else None for name in sums]
    columns = dict.fromkeys(name for row in rows.first for name in row.after)
    return _RowClassView(rows.name, rows.rows, amounts, list(columns), rows.first)


def cost_change(outcome: DryRun) -> Decimal:
    """Return by how much the claim cost of the book would change."""
    classes = (result.rows_of(name) for result in outcome.files for name in ("created", "changed"))
    return sum((Decimal(each.amounts.get("claim_cost", "0")) for each in classes), ZERO)


def cell_text(row: Mapping[str, str], name: str) -> str:
    """Return a value of a preview row as text, formatted by its kind; a dash for an empty value."""
    text = row.get(name, "")
    if name in CLOSED_LISTS:
        return label_of(text)
    return format_fact(Decimal(text) if text and name in AMOUNT_NAMES else text)
