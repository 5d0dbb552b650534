"""The rules of the ledger: which entries a claim may have, and its state after each of them.

They need no database. `constraints` repeats in SQL what the database can check on one row, and
`check` compares the whole ledger with them.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import EntryType, Status
from flaskr.values.money import LARGEST_BALANCE, LARGEST_ENTRY, ZERO, format_money, to_ore

OPEN_STATUSES = (Status.OPEN, Status.REOPENED)
SETTLED_STATUSES = (Status.CLOSED, Status.DECLINED)
RECOVERY_TYPES = (
    EntryType.RECOVERY_SUBROGATION,
    EntryType.RECOVERY_SALVAGE,
    EntryType.RECOVERY_DEDUCTIBLE,
)
REVERSAL_TYPES = (EntryType.PAYMENT_REVERSAL, EntryType.RECOVERY_REVERSAL)
FIRST_ENTRY_TYPES = (EntryType.RESERVE_OPEN, EntryType.IMPORT_OPENING)
REASON_REQUIRED = (EntryType.RESERVE_REOPEN,)

ALLOWED_STATUSES = {
    EntryType.RESERVE_OPEN: OPEN_STATUSES,
    EntryType.RESERVE_CHANGE: OPEN_STATUSES,
    EntryType.PAYMENT: OPEN_STATUSES,
    EntryType.PAYMENT_REVERSAL: OPEN_STATUSES,
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
class Movement:
    """The signed deltas of one entry, in the book's currency."""

    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO

    def __neg__(self) -> "Movement":
        """Return the exact opposite."""
        return Movement(-self.paid, -self.outstanding, -self.recovered)


@dataclass(frozen=True)
class Balances:
    """The sums of the deltas of some entries, in the book's currency."""

    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO

    @property
    def claim_cost(self) -> Decimal:
        """Paid plus outstanding: incurred."""
        return self.paid + self.outstanding

    @property
    def net(self) -> Decimal:
        """Claim cost less recovered."""
        return self.claim_cost - self.recovered


BALANCES = tuple(field.name for field in fields(Balances))


@dataclass(frozen=True)
class State(Balances):
    """A claim after one of its entries: its balances, status and, if settled, closed date.

    Without arguments it is the state of a claim that has no entries yet.
    """

    status: Status = Status.OPEN
    closed_date: date | None = None

    def after(self, entry_type: EntryType, movement: Movement, transaction_date: date) -> "State":
        """Return the state after one more entry.

        Raises LedgerError when a rule refuses the entry, and MoneyError for a delta that is not an
        amount of money.
        """
        _check_status(entry_type, self.status)
        _check_deltas(entry_type, movement, self)
        after = replace(
            self,
            paid=self.paid + movement.paid,
            outstanding=self.outstanding + movement.outstanding,
            recovered=self.recovered + movement.recovered,
            status=STATUS_AFTER.get(entry_type, self.status),
            closed_date=_closed_date_after(entry_type, self.closed_date, transaction_date),
        )
        _check_balances(after)
        return after


def _closed_date_after(
    entry_type: EntryType, before: date | None, transaction_date: date
) -> date | None:
    """Return the closed date: set by closing or declining, cleared by reopening, else kept."""
    if entry_type == EntryType.RESERVE_REOPEN:
        return None
    return transaction_date if STATUS_AFTER.get(entry_type) in SETTLED_STATUSES else before


def payment_movement(amount: Decimal, before: State) -> Movement:
    """Return the deltas of a payment: it reduces the case reserve too, at most to zero."""
    return Movement(paid=amount, outstanding=-min(amount, before.outstanding))


def _check_status(entry_type: EntryType, status: Status) -> None:
    """Raise LedgerError when a claim with this status may not have such an entry."""
    if status in ALLOWED_STATUSES[entry_type]:
        return
    if entry_type == EntryType.RESERVE_REOPEN:
        raise LedgerError(
            f"The claim is {status}; only a closed or declined claim can be reopened."
        )
    raise LedgerError(f"The claim is {status}. Reopen it first.")


def _check_deltas(entry_type: EntryType, movement: Movement, before: State) -> None:
    """Raise LedgerError for deltas that an entry of this type may not have.

    Raises MoneyError, before anything is compared, for a delta that is not an amount of money.
    """
    for delta in (movement.paid, movement.outstanding, movement.recovered):
        to_ore(delta)
    if max(abs(movement.paid), abs(movement.outstanding), abs(movement.recovered)) > LARGEST_ENTRY:
        raise LedgerError(f"One entry can move at most {format_money(LARGEST_ENTRY)}.")
    if not _SIGN_RULES[entry_type](movement, before):
        raise LedgerError(
            _REFUSALS.get(entry_type, f"These amounts are not valid for a {entry_type}.")
        )


def _is_reserve_only(movement: Movement) -> bool:
    """Whether the case reserve is all that changes."""
    return movement.paid == 0 and movement.recovered == 0


def _is_recovery(movement: Movement, before: State) -> bool:
    """Whether a positive recovery is all that changes."""
    return movement.paid == 0 and movement.outstanding == 0 and movement.recovered > 0


# By entry type, whether a movement m is valid for a claim in the state b before it.
_SIGN_RULES: dict[EntryType, Callable[[Movement, State], bool]] = {
    EntryType.RESERVE_OPEN: lambda m, b: _is_reserve_only(m) and m.outstanding >= 0,
    EntryType.RESERVE_CHANGE: lambda m, b: _is_reserve_only(m),
    EntryType.PAYMENT: lambda m, b: m.paid > 0 and m == payment_movement(m.paid, b),
    EntryType.PAYMENT_REVERSAL: lambda m, b: m.paid < 0 <= m.outstanding and m.recovered == 0,
    EntryType.RECOVERY_SUBROGATION: _is_recovery,
    EntryType.RECOVERY_SALVAGE: _is_recovery,
    EntryType.RECOVERY_DEDUCTIBLE: _is_recovery,
    EntryType.RECOVERY_REVERSAL: lambda m, b: _is_recovery(-m, b),
    EntryType.RESERVE_CLOSE: lambda m, b: _is_reserve_only(m) and m.outstanding == -b.outstanding,
    EntryType.CLAIM_DECLINED: lambda m, b: (
        _is_reserve_only(m) and m.outstanding == -b.outstanding and b.paid == 0
    ),
    EntryType.RESERVE_REOPEN: lambda m, b: _is_reserve_only(m) and m.outstanding >= 0,
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
    """Raise LedgerError when an entry would leave balances that no claim can have."""
    if state.outstanding < 0:
        raise LedgerError("The outstanding amount cannot go below zero.")
    if state.paid < 0:
        raise LedgerError("The paid amount cannot go below zero.")
    if not 0 <= state.recovered <= state.paid:
        raise LedgerError(
            f"Recovered cannot be more than what is paid ({format_money(state.paid)}). "
            "Check the amount, or reverse a recovery first."
        )
    if state.status in SETTLED_STATUSES and state.outstanding:
        raise LedgerError(f"Nothing can be outstanding on a {state.status} claim.")
    if state.claim_cost > LARGEST_BALANCE:
        raise LedgerError("The claim cost would have more than 18 digits.")
