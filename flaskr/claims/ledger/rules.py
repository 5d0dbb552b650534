"""The rules of the ledger: which entries a claim may have, and its state after each of them.

They need no database. `constraints` repeats in SQL what the database can check on one row, and
`check` compares the whole ledger with them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from flaskr.claims.ledger.balances import (
    BALANCES,
    Balances,
    BalancesByType,
    Movement,
    balances_after,
    payment_movement,
)
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import CostType, EntryType, Status
from flaskr.values.money import LARGEST_BALANCE, LARGEST_ENTRY, format_money, to_ore

OPEN_STATUSES = (Status.OPEN, Status.REOPENED)
SETTLED_STATUSES = (Status.CLOSED, Status.DECLINED)
RECOVERY_TYPES = (
    EntryType.RECOVERY_SUBROGATION,
    EntryType.RECOVERY_SALVAGE,
    EntryType.RECOVERY_DEDUCTIBLE,
)
REVERSAL_TYPES = (EntryType.PAYMENT_REVERSAL, EntryType.RECOVERY_REVERSAL)
FIRST_ENTRY_TYPES = (EntryType.RESERVE_OPEN, EntryType.IMPORT_OPENING)
REASON_REQUIRED = (*REVERSAL_TYPES, EntryType.CLAIM_DECLINED, EntryType.RESERVE_REOPEN)

ALLOWED_STATUSES = {
    EntryType.RESERVE_OPEN: OPEN_STATUSES,
    EntryType.RESERVE_CHANGE: OPEN_STATUSES,
    EntryType.PAYMENT: OPEN_STATUSES,
    EntryType.PAYMENT_REVERSAL: OPEN_STATUSES,
    EntryType.REPAYMENT: tuple(Status),
    EntryType.RECOVERY_SUBROGATION: tuple(Status),
    EntryType.RECOVERY_SALVAGE: tuple(Status),
    EntryType.RECOVERY_DEDUCTIBLE: tuple(Status),
    EntryType.RECOVERY_REVERSAL: tuple(Status),
    EntryType.RESERVE_CLOSE: OPEN_STATUSES,
    EntryType.CLAIM_DECLINED: OPEN_STATUSES,
    EntryType.RESERVE_REOPEN: SETTLED_STATUSES,
    EntryType.IMPORT_OPENING: OPEN_STATUSES,
    EntryType.ADJUSTMENT: tuple(Status),
}
# An entry of any other type leaves the status as it is.
STATUS_AFTER = {
    EntryType.RESERVE_CLOSE: Status.CLOSED,
    EntryType.CLAIM_DECLINED: Status.DECLINED,
    EntryType.RESERVE_REOPEN: Status.REOPENED,
}


@dataclass(frozen=True)
class State(Balances):
    """A claim after one of its entries: its balances, status and, if settled, closed date.

    Without arguments it is the state of a claim that has no entries yet.
    """

    status: Status = Status.OPEN
    closed_date: date | None = None

    @property
    def balances(self) -> Balances:
        """The balances alone."""
        return Balances(self.paid, self.outstanding, self.recovered)

    def after(
        self,
        entry_type: EntryType,
        movement: Movement,
        transaction_date: date,
        cost_type: CostType = CostType.INDEMNITY,
        by_type: BalancesByType | None = None,
    ) -> "State":
        """Return the state after one more entry.

        `by_type` has the balances of each cost type before it; if it is not given, all is of the
        entry's type. Raises LedgerError when a rule refuses the entry, and MoneyError for a delta
        that is not an amount of money.
        """
        by_type = by_type or {cost_type: self.balances}
        _check_status(entry_type, self.status)
        _check_amounts(movement)
        check_signs(entry_type, movement, cost_type, by_type)
        after = self.moved(entry_type, movement, transaction_date)
        _check_type_balances(cost_type, movement, by_type)
        check_balances(after)
        return after

    def moved(self, entry_type: EntryType, movement: Movement, transaction_date: date) -> "State":
        """Return the state after an entry, whether or not the rules allow it."""
        return replace(
            self,
            paid=self.paid + movement.paid,
            outstanding=self.outstanding + movement.outstanding,
            recovered=self.recovered + movement.recovered,
            status=STATUS_AFTER.get(entry_type, self.status),
            closed_date=_closed_date_after(entry_type, self.closed_date, transaction_date),
        )


def _closed_date_after(
    entry_type: EntryType, before: date | None, transaction_date: date
) -> date | None:
    """Return the closed date: set by closing or declining, cleared by reopening, else kept."""
    if entry_type == EntryType.RESERVE_REOPEN:
        return None
    return transaction_date if STATUS_AFTER.get(entry_type) in SETTLED_STATUSES else before


def _check_status(entry_type: EntryType, status: Status) -> None:
    """Raise LedgerError when a claim with this status may not have such an entry."""
    if status in ALLOWED_STATUSES[entry_type]:
        return
    if entry_type == EntryType.RESERVE_REOPEN:
        raise LedgerError(
            f"The claim is {status}; only a closed or declined claim can be reopened."
        )
    raise LedgerError(f"The claim is {status}. Reopen it first.")


def _check_amounts(movement: Movement) -> None:
    """Raise LedgerError for a delta that is too large, MoneyError for one that is no amount."""
    deltas = (movement.paid, movement.outstanding, movement.recovered)
    for delta in deltas:
        to_ore(delta)
    if max(map(abs, deltas)) > LARGEST_ENTRY:
        raise LedgerError(f"One entry can move at most {format_money(LARGEST_ENTRY)}.")


def check_signs(
    entry_type: EntryType, movement: Movement, cost_type: CostType, by_type: BalancesByType
) -> None:
    """Raise LedgerError for deltas that an entry of this type may not have."""
    of_type = by_type.get(cost_type, Balances())
    if not _SIGN_RULES[entry_type](movement, of_type):
        raise LedgerError(
            _REFUSALS.get(entry_type, f"These amounts are not valid for a {entry_type}.")
        )
    if entry_type == EntryType.CLAIM_DECLINED and _paid_indemnity(by_type):
        raise LedgerError("A claim with payments cannot be declined. Reverse them or close it.")


def _paid_indemnity(by_type: BalancesByType) -> Decimal:
    """Return what is paid of the indemnity: a survey may be paid on a declined claim."""
    return by_type.get(CostType.INDEMNITY, Balances()).paid


def _is_reserve_only(movement: Movement) -> bool:
    """Whether the case reserve is all that changes."""
    return movement.paid == 0 and movement.recovered == 0


def _is_recovery(movement: Movement, of_type: Balances) -> bool:
    """Whether a positive recovery is all that changes."""
    return movement.paid == 0 and movement.outstanding == 0 and movement.recovered > 0


def _is_release(movement: Movement, of_type: Balances) -> bool:
    """Whether the type's case reserve is released, and nothing else changes."""
    return _is_reserve_only(movement) and movement.outstanding == -of_type.outstanding


# By entry type, whether a movement m is valid for the balances t of its cost type before it.
_SIGN_RULES: dict[EntryType, Callable[[Movement, Balances], bool]] = {
    EntryType.RESERVE_OPEN: lambda m, t: _is_reserve_only(m) and m.outstanding >= 0,
    EntryType.RESERVE_CHANGE: lambda m, t: _is_reserve_only(m),
    EntryType.PAYMENT: lambda m, t: m.paid > 0 and m == payment_movement(m.paid, t),
    EntryType.PAYMENT_REVERSAL: lambda m, t: m.paid < 0 and m.recovered == 0,
    EntryType.REPAYMENT: lambda m, t: m.paid < 0 and m == Movement(paid=m.paid),
    EntryType.RECOVERY_SUBROGATION: _is_recovery,
    EntryType.RECOVERY_SALVAGE: _is_recovery,
    EntryType.RECOVERY_DEDUCTIBLE: _is_recovery,
    EntryType.RECOVERY_REVERSAL: lambda m, t: _is_recovery(-m, t),
    EntryType.RESERVE_CLOSE: _is_release,
    EntryType.CLAIM_DECLINED: _is_release,
    EntryType.RESERVE_REOPEN: lambda m, t: _is_reserve_only(m) and m.outstanding >= 0,
    EntryType.IMPORT_OPENING: lambda m, t: min(m.paid, m.outstanding, m.recovered) >= 0,
    EntryType.ADJUSTMENT: lambda m, t: True,
}
_REFUSALS = {
    EntryType.RESERVE_OPEN: "A reserve cannot be negative.",
    EntryType.PAYMENT: (
        "A payment must be above zero. Post a repayment or a recovery for money coming back."
    ),
    EntryType.REPAYMENT: "A repayment must be above zero.",
    EntryType.RECOVERY_SUBROGATION: "A recovery must be above zero.",
    EntryType.RECOVERY_SALVAGE: "A recovery must be above zero.",
    EntryType.RECOVERY_DEDUCTIBLE: "A recovery must be above zero.",
    EntryType.RESERVE_REOPEN: "A reserve cannot be negative.",
}


def check_balances(state: State) -> None:
    """Raise LedgerError when an entry would leave balances that no claim can have."""
    if state.outstanding < 0:
        raise LedgerError("The outstanding amount cannot go below zero.")
    if state.paid < 0:
        raise LedgerError("The paid amount cannot go below zero.")
    if state.recovered < 0:
        raise LedgerError("The recovered amount cannot go below zero.")
    if state.status in SETTLED_STATUSES and state.outstanding:
        raise LedgerError(f"Nothing can be outstanding on a {state.status} claim.")
    if state.claim_cost > LARGEST_BALANCE or state.recovered > LARGEST_BALANCE:
        raise LedgerError("The balances would have more than 18 digits.")


def _check_type_balances(cost_type: CostType, movement: Movement, by_type: BalancesByType) -> None:
    """Raise LedgerError when an entry would take a balance of its cost type below zero.

    A migrated claim may have such a balance already; what raises it is allowed.
    """
    of_type = by_type.get(cost_type, Balances())
    after = balances_after(movement, of_type)
    for name in BALANCES:
        if getattr(after, name) < 0 and getattr(movement, name) < 0:
            raise LedgerError(
                f"The {name} amount cannot go below zero: of {cost_type} it is "
                f"{format_money(getattr(of_type, name))}."
            )
