"""Plans the ledger of each migrated claim, entry by entry, by the rules of the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flaskr.claims.ledger.balances import BALANCES, Movement, payment_movement
from flaskr.claims.ledger.posting import check_transaction_date
from flaskr.claims.ledger.rules import FIRST_ENTRY_TYPES, REASON_REQUIRED, RECOVERY_TYPES, State
from flaskr.claims.models import Claim
from flaskr.errors import ClaimBookError, LedgerError
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode
from flaskr.imports.dry_run.claim_rules import RowRefused
from flaskr.imports.dry_run.row_outcomes import display_cell
from flaskr.imports.dry_run.staging import FaultRow
from flaskr.values.money import format_money, from_ore, to_ore

_Row = Mapping[str, Any]
_REVERSED_TYPES = {
    EntryType.PAYMENT_REVERSAL: (EntryType.PAYMENT,),
    EntryType.RECOVERY_REVERSAL: RECOVERY_TYPES,
}


@dataclass(frozen=True)
class PlannedEntry:
    """An entry to write: its row in the file, and the claim's state after it."""

    row: _Row
    entry_type: EntryType
    movement: Movement
    after: State
    reverses_row: int | None


class LedgerPlanner:
    """Plans the ledgers of an older system; refusals go to `faults`."""

    def __init__(self, at: int, zone: ZoneInfo, now: datetime) -> None:
        self.at, self.zone, self.now = at, zone, now
        self.faults: list[FaultRow] = []

    def ledgers(self, rows: Iterable[_Row]) -> Iterator[list[PlannedEntry]]:
        """Yield the ledger of each claim; rows are sorted by claim, then by `recorded_at`.

        A claim with a refused row gets no plan, because later refusals would only follow from it.
        """
        for _, claim_rows in groupby(rows, key=lambda row: row["claim_key"]):
            ledger = list(claim_rows)
            entries = self._entries(ledger)
            if len(entries) == len(ledger):
                yield entries

    def _entries(self, rows: list[_Row]) -> list[PlannedEntry]:
        """Return a claim's entries before the first refused one, which is noted."""
        entries: list[PlannedEntry] = []
        claim = Claim(loss_date=rows[0]["loss_date"], reported_date=rows[0]["reported_date"])
        for row in rows:
            try:
                entries.append(self._entry(claim, row, entries))
            except RowRefused as error:
                value = display_cell(row, error.field)
                self.faults.append((self.at, row["row"], error.field, value, str(error)))
                break
        return entries

    def _entry(self, claim: Claim, row: _Row, earlier: list[PlannedEntry]) -> PlannedEntry:
        """Return the next entry of a claim; raises RowRefused."""
        day = row["recorded_at"].astimezone(self.zone).date()
        self._check_instants(row, day)
        before = earlier[-1].after if earlier else State()
        entry_type = EntryType(row["entry_type"])
        moved = Movement(*(from_ore(row[name]) for name in BALANCES))
        try:
            if earlier and entry_type in FIRST_ENTRY_TYPES:
                raise LedgerError("Only the first entry of a claim can open it.")
            last_day = earlier[-1].row["transaction_date"] if earlier else None
            check_transaction_date(claim, row["transaction_date"], last_day, day)
            _check_payment(entry_type, moved, before)
            after = before.after(entry_type, moved, row["transaction_date"])
            reverses = _reversed_row(entry_type, moved, earlier)
        except ClaimBookError as error:
            raise RowRefused("entry_type", f"{error} {_situation(before)}") from error
        return PlannedEntry(row, entry_type, moved, after, reverses)

    def _check_instants(self, row: _Row, day: date) -> None:
        """Raise RowRefused unless an entry was recorded after its claim and not in the future."""
        if row["recorded_at"] > self.now:
            raise RowRefused("recorded_at", "This is in the future. Correct it.")
        claim_at = row["claim_recorded_at"]
        if claim_at and row["recorded_at"] < claim_at:
            text = f"The claim itself was recorded later, at {claim_at.isoformat()}."
            raise RowRefused("recorded_at", f"{text} Correct one of them.")
        if row["recorded_date"] and row["recorded_date"] != day:
            text = f"In the book's time zone it was recorded on {day}."
            raise RowRefused("recorded_date", f"{text} Correct the day or the instant.")
        if row["transaction_date"] > day:
            text = f"This is after the day it was recorded ({day}). Correct one of them."
            raise RowRefused("transaction_date", text)


def _check_payment(entry_type: EntryType, moved: Movement, before: State) -> None:
    """Raise LedgerError, with the expected amount, when a payment does not reduce the reserve."""
    if entry_type is not EntryType.PAYMENT or moved.paid <= 0:
        return
    expected = payment_movement(moved.paid, before).outstanding
    if moved.outstanding != expected:
        raise LedgerError(
            "A payment reduces the reserve by what it covers: outstanding must be "
            f"{format_money(expected)} here. Enter any other change as {EntryType.RESERVE_CHANGE}."
        )


def _reversed_row(
    entry_type: EntryType, moved: Movement, earlier: list[PlannedEntry]
) -> int | None:
    """Return the row of the last unreversed entry of opposite amounts; None for no reversal."""
    if entry_type not in _REVERSED_TYPES:
        return None
    reversed_rows = {each.reverses_row for each in earlier}
    for each in reversed(earlier):
        is_opposite = each.movement == -moved
        if (
            each.entry_type in _REVERSED_TYPES[entry_type]
            and is_opposite
            and each.row["row"] not in reversed_rows
        ):
            return int(each.row["row"])
    raise LedgerError("There is no earlier entry of exactly these amounts left to reverse.")


def _situation(state: State) -> str:
    """Return a sentence on the claim's state before an entry."""
    return (
        f"(Before this entry the claim is {state.status}: paid {format_money(state.paid)}, "
        f"outstanding {format_money(state.outstanding)}, "
        f"recovered {format_money(state.recovered)}.)"
    )


def staged_entry(each: PlannedEntry) -> dict[str, Any]:
    """Return a planned entry as a row of the staging database."""
    return {
        "row": each.row["row"],
        "claim_key": each.row["claim_key"],
        "entry_type": each.entry_type.value,
        "transaction_date": each.row["transaction_date"],
        "recorded_at": each.row["recorded_at"],
        **{name: to_ore(getattr(each.movement, name)) for name in BALANCES},
        **{f"{name}_after": to_ore(getattr(each.after, name)) for name in BALANCES},
        "status_after": each.after.status.value,
        "closed_date_after": each.after.closed_date,
        "cost_type": CostType.INDEMNITY.value,
        "reason_code": ReasonCode.MIGRATED.value if each.entry_type in REASON_REQUIRED else None,
        "reverses_row": each.reverses_row,
    }
