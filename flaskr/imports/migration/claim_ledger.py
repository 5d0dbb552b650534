"""The ledger of one migrated claim: each entry is taken as it was, with the rules it breaks."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flaskr.claims.ledger.balances import (
    BALANCES,
    Balances,
    Movement,
    balances_after,
    payment_movement,
)
from flaskr.claims.ledger.rules import (
    ALLOWED_STATUSES,
    FIRST_ENTRY_TYPES,
    RECOVERY_TYPES,
    REVERSAL_TYPES,
    SETTLED_STATUSES,
    STATUS_AFTER,
    State,
    check_balances,
    check_signs,
)
from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import CostType, EntryException, EntryType
from flaskr.imports.dry_run.claim_entries import RowRefused
from flaskr.imports.migration.instants import check_entry_instants
from flaskr.values.money import ZERO, format_money, from_ore

_Row = Mapping[str, Any]
_REVERSAL_OF = {
    EntryType.PAYMENT: EntryType.PAYMENT_REVERSAL,
    **dict.fromkeys(RECOVERY_TYPES, EntryType.RECOVERY_REVERSAL),
}


@dataclass(frozen=True)
class PlannedEntry:
    """An entry to write: its row in the file, the claim's state after it, and its exceptions.

    `booked` is the state after it in the order of days, for a claim where that order is another.
    """

    row: _Row
    entry_type: EntryType
    cost_type: CostType
    movement: Movement
    after: State
    reverses_row: int | None
    exceptions: tuple[EntryException, ...]
    booked: State | None = None


class ClaimLedger:
    """The ledger of one claim, entry by entry in the order of recording."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self.zone, self.now = zone, now
        self.entries: list[PlannedEntry] = []
        self.state = State()
        self.by_type = dict.fromkeys(CostType, Balances())
        self.last_day: date | None = None
        # The rows that a reversal can reverse, by its type, cost type and deltas.
        self.unreversed: dict[tuple[EntryType, CostType, Movement], list[int]] = defaultdict(list)

    def add(self, row: _Row) -> None:
        """Take the next entry; raises RowRefused for one that breaks arithmetic."""
        recorded_day = check_entry_instants(row, self.zone, self.now)
        cost_type = CostType(row["cost_type"] or CostType.INDEMNITY)
        moved = Movement(*(from_ore(row[name]) for name in BALANCES))
        try:
            entry_type, reverses = self._taken_as(EntryType(row["entry_type"]), cost_type, moved)
            _check_signs(entry_type, moved, cost_type, self.by_type[cost_type])
            after = self.state.moved(entry_type, moved, row["transaction_date"])
            check_balances(after)
        except ClaimBookError as error:
            raise RowRefused("entry_type", f"{error} {self._situation()}") from error
        exceptions = self._exceptions(row, entry_type, moved, cost_type, recorded_day)
        self.entries.append(
            PlannedEntry(row, entry_type, cost_type, moved, after, reverses, exceptions)
        )
        self._advance(self.entries[-1])

    def _advance(self, entry: PlannedEntry) -> None:
        """Move on to the state after an entry."""
        self.state = entry.after
        self.by_type[entry.cost_type] = balances_after(
            entry.movement, self.by_type[entry.cost_type]
        )
        day = entry.row["transaction_date"]
        self.last_day = max(day, self.last_day or day)
        if reversal := _REVERSAL_OF.get(entry.entry_type):
            key = (reversal, entry.cost_type, -entry.movement)
            self.unreversed[key].append(entry.row["row"])

    def _taken_as(
        self, entry_type: EntryType, cost_type: CostType, moved: Movement
    ) -> tuple[EntryType, int | None]:
        """Return the type that an entry is taken as, and the row of the entry that it reverses.

        A reversal is paired with the last unreversed entry of exactly opposite deltas. Without one,
        money of a payment that comes back is a repayment, and anything else an adjustment.
        """
        if entry_type in REVERSAL_TYPES:
            if rows := self.unreversed.get((entry_type, cost_type, moved)):
                return entry_type, rows.pop()
            check_signs(entry_type, moved, cost_type, self.by_type)
        elif entry_type is not EntryType.PAYMENT or moved.paid >= 0 or moved.recovered:
            return entry_type, None
        is_repayment = moved == Movement(paid=moved.paid)
        return EntryType.REPAYMENT if is_repayment else EntryType.ADJUSTMENT, None

    def _exceptions(
        self,
        row: _Row,
        entry_type: EntryType,
        moved: Movement,
        cost_type: CostType,
        recorded_day: date,
    ) -> tuple[EntryException, ...]:
        """Return the rules of how people work that an entry breaks."""
        day, of_type = row["transaction_date"], self.by_type[cost_type]
        reported = row["reported_date"] or row["loss_date"] or day
        after = balances_after(moved, of_type)
        broken = {
            EntryException.STATUS: self.state.status not in ALLOWED_STATUSES[entry_type],
            EntryException.NOT_FIRST: bool(self.entries) and entry_type in FIRST_ENTRY_TYPES,
            EntryException.RESERVE: entry_type is EntryType.PAYMENT
            and moved != payment_movement(moved.paid, of_type),
            EntryException.DECLINED_PAID: entry_type is EntryType.CLAIM_DECLINED
            and self.by_type[CostType.INDEMNITY].paid != ZERO,
            EntryException.BEFORE_REPORT: day < reported,
            EntryException.AFTER_RECORDING: day > recorded_day,
            EntryException.OUT_OF_ORDER: day < (self.last_day or day),
            EntryException.OTHER_TYPE: entry_type != row["entry_type"],
            EntryException.BELOW_ZERO: any(
                getattr(after, name) < 0 and getattr(moved, name) < 0 for name in BALANCES
            ),
        }
        return tuple(name for name, is_broken in broken.items() if is_broken)

    def _situation(self) -> str:
        """Return a sentence on the claim's state before the next entry."""
        return (
            f"(Before this entry the claim is {self.state.status}: "
            f"paid {format_money(self.state.paid)}, "
            f"outstanding {format_money(self.state.outstanding)}, "
            f"recovered {format_money(self.state.recovered)}.)"
        )

    def planned(self) -> list[PlannedEntry]:
        """Return the entries, with their states by the booked clock where its order is another.

        Raises RowRefused, for the last entry, if the two orders end in another state.
        """
        if not any(EntryException.OUT_OF_ORDER in entry.exceptions for entry in self.entries):
            return self.entries
        by_day = sorted(
            range(len(self.entries)), key=lambda at: self.entries[at].row["transaction_date"]
        )
        booked, state = {}, State()
        for at in by_day:
            entry = self.entries[at]
            day = entry.row["transaction_date"]
            booked[at] = state = state.moved(entry.entry_type, entry.movement, day)
        if state != self.state:
            raise RowRefused(
                "transaction_date",
                f"In the order of recording the claim ends {_ending(self.state)}, and in the order "
                f"of transaction dates {_ending(state)}. Correct the dates of its entries.",
            )
        return [replace(entry, booked=booked[at]) for at, entry in enumerate(self.entries)]


def _ending(state: State) -> str:
    """Return a claim's status, with the day on which it was closed or declined."""
    return f"{state.status} on {state.closed_date}" if state.closed_date else str(state.status)


def _check_signs(
    entry_type: EntryType, moved: Movement, cost_type: CostType, of_type: Balances
) -> None:
    """Raise LedgerError for deltas that an entry of this type cannot have in any system.

    A payment may move the reserve otherwise than here, and closing by one entry may release what
    is outstanding of both cost types.
    """
    if entry_type is EntryType.PAYMENT:
        moved = replace(moved, outstanding=payment_movement(moved.paid, of_type).outstanding)
    if STATUS_AFTER.get(entry_type) in SETTLED_STATUSES:
        of_type = Balances(outstanding=-moved.outstanding)
    check_signs(entry_type, moved, cost_type, {cost_type: of_type})
