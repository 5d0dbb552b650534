"""A migrated claim's ledger, planned entry by entry in order of time, by the ledger's rules."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flaskr.claims.ledger.posting import check_day
from flaskr.claims.ledger.rules import (
    BALANCES,
    FIRST_ONLY,
    NEEDS_REASON,
    RECOVERIES,
    Movement,
    State,
    payment_movement,
)
from flaskr.claims.models import Claim
from flaskr.errors import ClaimBookError, LedgerError
from flaskr.facts.lists import EntryType
from flaskr.imports.dry_run.claim_rules import Refused
from flaskr.imports.dry_run.row_classes import value_of
from flaskr.imports.dry_run.staging import FaultRow
from flaskr.values.money import format_money, from_ore, to_ore

Row = Mapping[str, Any]
_MIGRATED_REASON = "migrated"
_TAKEN_BACK = {
    EntryType.PAYMENT_REVERSAL: (EntryType.PAYMENT,),
    EntryType.RECOVERY_REVERSAL: RECOVERIES,
}


@dataclass(frozen=True)
class Planned:
    """An entry as it will stand: its row, and what the claim is after it."""

    row: Row
    entry_type: EntryType
    movement: Movement
    after: State
    reverses_row: int | None


class LedgerPlanner:
    """Plans ledgers of an older system; what a rule refuses goes to `faults`."""

    def __init__(self, at: int, zone: ZoneInfo, now: datetime) -> None:
        self.at, self.zone, self.now = at, zone, now
        self.faults: list[FaultRow] = []

    def planned(self, rows: Iterable[Row]) -> Iterator[list[Planned]]:
        """Yield the ledger of each claim; rows come claim by claim, in order of `recorded_at`.

        Of a claim with a refused row nothing is planned: what follows it would only follow from it.
        """
        for _, of_claim in groupby(rows, key=lambda row: row["claim_key"]):
            ledger = list(of_claim)
            entries = self.ledger(ledger)
            if len(entries) == len(ledger):
                yield entries

    def ledger(self, rows: list[Row]) -> list[Planned]:
        """Return a claim's entries up to the first that is refused, which is noted."""
        entries: list[Planned] = []
        claim = Claim(loss_date=rows[0]["loss_date"], reported_date=rows[0]["reported_date"])
        for row in rows:
            try:
                entries.append(self.entry(claim, row, entries))
            except Refused as error:
                said = value_of(row, error.field)
                self.faults.append((self.at, row["row"], error.field, said, str(error)))
                break
        return entries

    def entry(self, claim: Claim, row: Row, earlier: list[Planned]) -> Planned:
        """Return the next entry of a claim; raises Refused."""
        day = row["recorded_at"].astimezone(self.zone).date()
        self._check_instants(row, day)
        before = earlier[-1].after if earlier else State()
        entry_type = EntryType(row["entry_type"])
        moved = Movement(*(from_ore(row[name]) for name in BALANCES))
        try:
            if earlier and entry_type in FIRST_ONLY:
                raise LedgerError("Only the first entry of a claim can open it.")
            last_day = earlier[-1].row["transaction_date"] if earlier else None
            check_day(claim, row["transaction_date"], last_day, day)
            _check_payment(entry_type, moved, before)
            after = before.after(entry_type, moved, row["transaction_date"])
            reverses = _taken_back(entry_type, moved, earlier)
        except ClaimBookError as error:
            raise Refused("entry_type", f"{error} {_situation(before)}") from error
        return Planned(row, entry_type, moved, after, reverses)

    def _check_instants(self, row: Row, day: date) -> None:
        """Raise Refused unless an entry was recorded between its claim and now."""
        if row["recorded_at"] > self.now:
            raise Refused("recorded_at", "This is in the future. Correct it.")
        claim_at = row["claim_recorded_at"]
        if claim_at and row["recorded_at"] < claim_at:
            text = f"The claim itself was recorded later, at {claim_at.isoformat()}."
            raise Refused("recorded_at", f"{text} Correct one of them.")
        if row["recorded_date"] and row["recorded_date"] != day:
            text = f"In the book's time zone it was recorded on {day}."
            raise Refused("recorded_date", f"{text} Correct the day or the instant.")
        if row["transaction_date"] > day:
            text = f"This is after the day it was recorded ({day}). Correct one of them."
            raise Refused("transaction_date", text)


def _check_payment(entry_type: EntryType, moved: Movement, before: State) -> None:
    """Raise LedgerError, saying what it would be, when a payment does not draw on the reserve."""
    if entry_type is not EntryType.PAYMENT or moved.paid <= 0:
        return
    expected = payment_movement(moved.paid, before).outstanding
    if moved.outstanding != expected:
        raise LedgerError(
            "A payment reduces the reserve by what it covers: outstanding must be "
            f"{format_money(expected)} here. Enter any other change as {EntryType.RESERVE_CHANGE}."
        )


def _taken_back(entry_type: EntryType, moved: Movement, earlier: list[Planned]) -> int | None:
    """Return the row of the last entry not yet reversed that a reversal is the opposite of."""
    if entry_type not in _TAKEN_BACK:
        return None
    done = {each.reverses_row for each in earlier}
    for each in reversed(earlier):
        is_opposite = each.movement == -moved
        if (
            each.entry_type in _TAKEN_BACK[entry_type]
            and is_opposite
            and each.row["row"] not in done
        ):
            return int(each.row["row"])
    raise LedgerError("There is no earlier entry of exactly these amounts left to reverse.")


def _situation(state: State) -> str:
    """Say how the claim stood before an entry."""
    return (
        f"(Before this entry the claim is {state.status}: paid {format_money(state.paid)}, "
        f"outstanding {format_money(state.outstanding)}, "
        f"recovered {format_money(state.recovered)}.)"
    )


def planned_entry(each: Planned) -> dict[str, Any]:
    """Return an entry as a row of the staging database."""
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
        "reason": _MIGRATED_REASON if each.entry_type in NEEDS_REASON else None,
        "reverses_row": each.reverses_row,
    }
