"""The rules of the ledger, without a database: what an entry may move, and what it leaves."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from flaskr.errors import LedgerError
from flaskr.facts.lists import EntryType, Status
from flaskr.values.money import LARGEST_BALANCE, LARGEST_ENTRY, ZERO, format_money, to_ore

LIVE = (Status.OPEN, Status.REOPENED)
SETTLED = (Status.CLOSED, Status.DECLINED)
RECOVERIES = (
    EntryType.RECOVERY_SUBROGATION,
    EntryType.RECOVERY_SALVAGE,
    EntryType.RECOVERY_DEDUCTIBLE,
)
REVERSALS = (EntryType.PAYMENT_REVERSAL, EntryType.RECOVERY_REVERSAL)
FIRST_ONLY = (EntryType.RESERVE_OPEN, EntryType.IMPORT_OPENING)
NEEDS_REASON = (EntryType.RESERVE_REOPEN,)

ALLOWED_ON = {
    EntryType.RESERVE_OPEN: LIVE,
    EntryType.RESERVE_CHANGE: LIVE,
    EntryType.PAYMENT: LIVE,
    EntryType.PAYMENT_REVERSAL: LIVE,
    EntryType.RECOVERY_SUBROGATION: tuple(Status),
    EntryType.RECOVERY_SALVAGE: tuple(Status),
    EntryType.RECOVERY_DEDUCTIBLE: tuple(Status),
    EntryType.RECOVERY_REVERSAL: tuple(Status),
    EntryType.RESERVE_CLOSE: LIVE,
    EntryType.CLAIM_DECLINED: LIVE,
    EntryType.RESERVE_REOPEN: SETTLED,
    EntryType.IMPORT_OPENING: LIVE,
    EntryType.ADJUSTMENT: tuple(Status),
}
STATUS_AFTER = {
    EntryType.RESERVE_CLOSE: Status.CLOSED,
    EntryType.CLAIM_DECLINED: Status.DECLINED,
    EntryType.RESERVE_REOPEN: Status.REOPENED,
}


@dataclass(frozen=True)
class Movement:
    """The signed deltas of one entry, in the book's currency."""

    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO

    def __neg__(self) -> "Movement":
        """Return the exact opposite."""
        return Movement(-self.paid, -self.outstanding, -self.recovered)


BALANCES = tuple(each.name for each in fields(Movement))  # what an entry moves, and what is kept


@dataclass(frozen=True)
class State:
    """A claim after its entries so far: balances, status, and the day it was settled if it is."""

    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO
    status: Status = Status.OPEN
    closed_date: date | None = None

    @property
    def claim_cost(self) -> Decimal:
        """Paid and outstanding together: incurred."""
        return self.paid + self.outstanding

    @property
    def net(self) -> Decimal:
        """Claim cost less what was recovered."""
        return self.claim_cost - self.recovered

    def after(self, entry_type: EntryType, movement: Movement, day: date) -> "State":
        """Return the state after an entry of that day; raises LedgerError when refused."""
        _check_status(entry_type, self.status)
        _check_signs(entry_type, movement, self)
        status = STATUS_AFTER.get(entry_type, self.status)
        moved = replace(
            self,
            paid=self.paid + movement.paid,
            outstanding=self.outstanding + movement.outstanding,
            recovered=self.recovered + movement.recovered,
            status=status,
            closed_date=_closed_date_after(entry_type, self.closed_date, day),
        )
        _check_balances(moved)
        return moved


def _closed_date_after(entry_type: EntryType, before: date | None, day: date) -> date | None:
    """Return the day a claim was settled: set by closing or declining, cleared by reopening."""
    if entry_type == EntryType.RESERVE_REOPEN:
        return None
    return day if STATUS_AFTER.get(entry_type) in SETTLED else before


def payment_movement(amount: Decimal, before: State) -> Movement:
    """Return what a payment moves: it takes what it covers off the case reserve."""
    return Movement(paid=amount, outstanding=-min(amount, before.outstanding))


def _check_status(entry_type: EntryType, status: Status) -> None:
    """Raise LedgerError when a claim of that status takes no such entry."""
    if status in ALLOWED_ON[entry_type]:
        return
    if entry_type == EntryType.RESERVE_REOPEN:
        raise LedgerError(
            f"The claim is {status}; only a closed or declined claim can be reopened."
        )
    raise LedgerError(f"The claim is {status}. Reopen it first.")


def _check_signs(entry_type: EntryType, movement: Movement, before: State) -> None:
    """Raise LedgerError for deltas that are not those of the type, MoneyError for no money."""
    for delta in (movement.paid, movement.outstanding, movement.recovered):
        to_ore(delta)
    if max(abs(movement.paid), abs(movement.outstanding), abs(movement.recovered)) > LARGEST_ENTRY:
        raise LedgerError(f"One entry can move at most {format_money(LARGEST_ENTRY)}.")
    if not _SIGNS[entry_type](movement, before):
        raise LedgerError(
            _REFUSALS.get(entry_type, f"These amounts are not valid for a {entry_type}.")
        )


def _only_outstanding(movement: Movement) -> bool:
    """Whether nothing but the case reserve moves."""
    return movement.paid == 0 and movement.recovered == 0


def _is_recovery(movement: Movement, before: State) -> bool:
    """Whether nothing but a positive recovery moves."""
    return movement.paid == 0 and movement.outstanding == 0 and movement.recovered > 0


_SIGNS: dict[EntryType, Callable[[Movement, State], bool]] = {
    EntryType.RESERVE_OPEN: lambda m, b: _only_outstanding(m) and m.outstanding >= 0,
    EntryType.RESERVE_CHANGE: lambda m, b: _only_outstanding(m),
    EntryType.PAYMENT: lambda m, b: m.paid > 0 and m == payment_movement(m.paid, b),
    EntryType.PAYMENT_REVERSAL: lambda m, b: m.paid < 0 <= m.outstanding and m.recovered == 0,
    EntryType.RECOVERY_SUBROGATION: _is_recovery,
    EntryType.RECOVERY_SALVAGE: _is_recovery,
    EntryType.RECOVERY_DEDUCTIBLE: _is_recovery,
    EntryType.RECOVERY_REVERSAL: lambda m, b: _is_recovery(-m, b),
    EntryType.RESERVE_CLOSE: lambda m, b: _only_outstanding(m) and m.outstanding == -b.outstanding,
    EntryType.CLAIM_DECLINED: lambda m, b: (
        _only_outstanding(m) and m.outstanding == -b.outstanding and b.paid == 0
    ),
    EntryType.RESERVE_REOPEN: lambda m, b: _only_outstanding(m) and m.outstanding >= 0,
    EntryType.IMPORT_OPENING: lambda m, b: min(m.paid, m.outstanding, m.recovered) >= 0,
    EntryType.ADJUSTMENT: lambda m, b: True,
}
_REFUSALS = {
    EntryType.RESERVE_OPEN: "A reserve cannot be negative.",
    EntryType.PAYMENT: "A payment must be above zero. Post a recovery for money coming back.",
    EntryType.RECOVERY_SUBROGATION: "A recovery must be above zero.",
    EntryType.RECOVERY_SALVAGE: "A recovery must be above zero.",
    EntryType.RECOVERY_DEDUCTIBLE: "A recovery must be above zero.",
    EntryType.CLAIM_DECLINED: "A claim with payments cannot be declined. Reverse them or close it.",
    EntryType.RESERVE_REOPEN: "A reserve cannot be negative.",
}


def _check_balances(state: State) -> None:
    """Raise LedgerError when the balances after an entry are not those of a real claim."""
    if state.outstanding < 0:
        raise LedgerError("The outstanding amount cannot go below zero.")
    if state.paid < 0:
        raise LedgerError("The paid amount cannot go below zero.")
    if not 0 <= state.recovered <= state.paid:
        raise LedgerError(
            f"Recovered cannot be more than what is paid ({format_money(state.paid)}). "
            "Check the amount, or reverse a recovery first."
        )
    if state.status in SETTLED and state.outstanding:
        raise LedgerError(f"Nothing can be outstanding on a {state.status} claim.")
    if state.claim_cost > LARGEST_BALANCE:
        raise LedgerError("The claim cost would have more than 18 digits.")
