"""The ledger entries that take a claim of the book to the amounts of a file's row."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flaskr.claims.ledger.balances import BALANCES, Balances, BalancesByType, Movement
from flaskr.claims.ledger.rules import State
from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode, Status
from flaskr.values.money import ZERO, format_money, from_ore, to_ore

_Row = Mapping[str, Any]
_Step = tuple[EntryType, Movement]


class RowRefused(ClaimBookError):
    """A row that a rule refuses, with the column at fault."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def planned_entries(row: _Row, today: date) -> list[dict[str, Any]]:
    """Return the entries that take a claim to the row's amounts; raises RowRefused.

    A claim that an undo has declined is reopened by the first of them.
    """
    state, moved, expense = _state_before(row), movement_of(row), _expense_of(row)
    _check_indemnity(state, moved, expense)
    entries = []
    for entry_type, movement in _steps(row, moved):
        by_type = {CostType.INDEMNITY: _less(state, expense), CostType.EXPENSE: expense}
        state = state_after(state, entry_type, movement, today, by_type)
        entries.append(_planned_entry(row, entry_type, movement, state))
    return entries


def _steps(row: _Row, moved: Movement) -> list[_Step]:
    """Return the types and movements of a row's entries."""
    if row["last_transaction_date"] is None:
        return [(EntryType.IMPORT_OPENING, moved)]
    if row["undone_import"] is None:
        return [(EntryType.ADJUSTMENT, moved)]
    # To reopen a claim moves its reserve alone; what was paid and recovered follows.
    rest = Movement(moved.paid, ZERO, moved.recovered)
    reopened = (EntryType.RESERVE_REOPEN, Movement(outstanding=moved.outstanding))
    return [reopened, *([(EntryType.ADJUSTMENT, rest)] if rest != Movement() else [])]


def _planned_entry(
    row: _Row, entry_type: EntryType, moved: Movement, state: State
) -> dict[str, Any]:
    """Return an entry as a row of the plan."""
    is_first = entry_type is EntryType.IMPORT_OPENING
    return {
        "row": row["row"],
        "claim_id": row["id"],
        "entry_type": entry_type,
        **{name: to_ore(getattr(moved, name)) for name in BALANCES},
        **{f"{name}_after": to_ore(getattr(state, name)) for name in BALANCES},
        "status_after": state.status,
        "closed_date_after": state.closed_date,
        "reason_code": None if is_first else ReasonCode.IMPORT_SENT_AGAIN.value,
    }


def state_after(
    before: State,
    entry_type: EntryType,
    moved: Movement,
    day: date,
    by_type: BalancesByType | None = None,
) -> State:
    """Return the state after an entry; raises RowRefused when a rule of the ledger refuses it."""
    try:
        return before.after(entry_type, moved, day, CostType.INDEMNITY, by_type)
    except ClaimBookError as error:
        field = "recovered" if "ecovered" in str(error) else "outstanding"
        raise RowRefused(field, str(error)) from error


def movement_of(row: _Row, is_new: bool = False) -> Movement:
    """Return the movement of a row: the difference to the book's amounts."""
    return Movement(
        *(from_ore(row[name] - (0 if is_new else row[f"{name}_before"])) for name in BALANCES)
    )


def _state_before(row: _Row) -> State:
    """Return the state of a row's claim in the book."""
    paid, outstanding, recovered = (from_ore(row[f"{name}_before"]) for name in BALANCES)
    return State(paid, outstanding, recovered, Status(row["status"]), row["closed_date"])


def indemnity_before(row: _Row) -> Balances:
    """Return what of the balances of a row's claim in the book is indemnity."""
    return _less(_state_before(row), _expense_of(row))


def _expense_of(row: _Row) -> Balances:
    """Return what of the balances of a row's claim in the book is expense."""
    return Balances(*(from_ore(row[f"{name}_of_expense"]) for name in BALANCES))


def _less(total: Balances, part: Balances) -> Balances:
    """Return what remains of balances without a part of them."""
    return Balances(*(getattr(total, name) - getattr(part, name) for name in BALANCES))


def _check_indemnity(before: Balances, moved: Movement, expense: Balances) -> None:
    """Raise RowRefused for a total that is lowered below the expense in it.

    The amounts of a file are totals, and it changes the indemnity only.
    """
    for name in BALANCES:
        delta, of_expense = getattr(moved, name), getattr(expense, name)
        total = getattr(before, name) + delta
        if 0 <= total < of_expense and delta < 0:
            raise RowRefused(
                name,
                f"Of {name}, {format_money(of_expense)} is expense, and a file of claims changes "
                "the indemnity only. Change the expense on the claim's page first.",
            )
