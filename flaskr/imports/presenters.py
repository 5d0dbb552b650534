"""What a dry run found, as its page shows it: amounts as amounts, rows with their columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flaskr.claims.ledger.rules import BALANCES
from flaskr.facts.labels import CLOSED_LISTS
from flaskr.imports.dry_run_result import DryRun, FileFound, RowClass, ShownRow
from flaskr.imports.layouts import AMOUNT_NAMES
from flaskr.values.money import ZERO
from flaskr.web.templating import format_fact, label_of

_SUMS = ("claim_cost", *BALANCES, "premium")


@dataclass(frozen=True)
class _ClassShown:
    """One class of a file's rows."""

    name: str
    rows: int
    amounts: Sequence[Decimal | None]
    columns: Sequence[str]
    first: Sequence[ShownRow]


@dataclass(frozen=True)
class FileShown:
    """One file, and what would become of its rows; `sums` names the amounts of its classes."""

    found: FileFound
    sums: Sequence[str]
    classes: Sequence[_ClassShown]


def file_shown(found: FileFound) -> FileShown:
    """Return a file as a page shows it."""
    sums = [name for name in _SUMS if any(name in each.amounts for each in found.classes)]
    return FileShown(found, sums, [_class_shown(each, sums) for each in found.classes])


def _class_shown(rows: RowClass, sums: Sequence[str]) -> _ClassShown:
    """Return a class of rows as a page shows it."""
    amounts = [Decimal(rows.amounts[name]) if name in rows.amounts else None for name in sums]
    columns = dict.fromkeys(name for row in rows.first for name in row.after)
    return _ClassShown(rows.name, rows.rows, amounts, list(columns), rows.first)


def moved(outcome: DryRun) -> Decimal:
    """Return by how much the claim cost of the book would change."""
    classes = (found.rows_of(name) for found in outcome.files for name in ("created", "changed"))
    return sum((Decimal(each.amounts.get("claim_cost", "0")) for each in classes), ZERO)


def cell(row: Mapping[str, str], name: str) -> str:
    """Write a value of a shown row as its kind is written; a dash when there is none."""
    text = row.get(name, "")
    if name in CLOSED_LISTS:
        return label_of(text)
    return format_fact(Decimal(text) if text and name in AMOUNT_NAMES else text)
