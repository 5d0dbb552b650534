"""A migrated claim's ledger, planned before a row of it is written: the rules, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flaskr.calendar import local_day
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.posting import carry, check_day
from flaskr.claims.rules import (
    FIRST_ONLY,
    NEEDS_REASON,
    RECOVERIES,
    EntryType,
    State,
    payment_movement,
)
from flaskr.errors import LedgerError
from flaskr.imports.checks import EntryRow
from flaskr.money import money_text

MIGRATED_REASON = "migrated"
TAKEN_BACK = {
    EntryType.PAYMENT_REVERSAL: (EntryType.PAYMENT,),
    EntryType.RECOVERY_REVERSAL: RECOVERIES,
}


@dataclass
class PlannedEntry:
    """An entry as it will stand; `reverses` is the planned one that it takes back."""

    row: EntryRow
    claim: Claim
    entry: LedgerEntry
    reverses: "PlannedEntry | None" = None


def plan_ledger(claim: Claim, rows: Sequence[EntryRow], now: datetime) -> list[PlannedEntry]:
    """Return a claim's entries in order of `recorded_at`, ties as in the file.

    The claim has no entries yet; its balances become those after the last. Raises ImportRefused at
    the first row that a rule refuses: those after it would only follow from it.
    """
    planned: list[PlannedEntry] = []
    for row in sorted(rows, key=lambda row: row.recorded_at):
        check_instants(claim, row, now)
        before = claim.state
        try:
            planned.append(plan_entry(claim, row, planned))
        except LedgerError as error:
            raise row.row.refused(f"{error} {situation(before)}", "entry_type") from error
    return planned


def check_instants(claim: Claim, row: EntryRow, now: datetime) -> None:
    """Raise ImportRefused unless an entry was recorded between its claim and now."""
    day = local_day(row.recorded_at)
    if row.recorded_at > now:
        raise row.row.refused("That is in the future. Correct it.", "recorded_at")
    if row.recorded_at < claim.recorded_at:
        text = f"The claim itself was recorded later, at {claim.recorded_at.isoformat()}."
        raise row.row.refused(f"{text} Correct one of them.", "recorded_at")
    if row.recorded_date and row.recorded_date != day:
        text = f"In the book's time zone it was recorded on {day}. Correct the day or the instant."
        raise row.row.refused(text, "recorded_date")
    if row.transaction_date > day:
        text = f"That is after the day on which it was recorded ({day}). Correct one of them."
        raise row.row.refused(text, "transaction_date")


def plan_entry(claim: Claim, row: EntryRow, planned: list[PlannedEntry]) -> PlannedEntry:
    """Return the next entry of a claim, with the balances after it; raises LedgerError."""
    if planned and row.entry_type in FIRST_ONLY:
        raise LedgerError("Only a claim's first entry opens it.")
    last = planned[-1].entry if planned else None
    check_day(claim, row.transaction_date, last, local_day(row.recorded_at))
    check_payment(row, claim.state)
    after = claim.state.after(row.entry_type, row.movement, row.transaction_date)
    reverses = taken_back(row, planned) if row.entry_type in TAKEN_BACK else None
    entry = LedgerEntry(
        entry_type=row.entry_type,
        transaction_date=row.transaction_date,
        recorded_at=row.recorded_at,
        paid=row.movement.paid,
        outstanding=row.movement.outstanding,
        recovered=row.movement.recovered,
        reason=MIGRATED_REASON if row.entry_type in NEEDS_REASON else None,
    )
    carry(claim, entry, after)
    return PlannedEntry(row, claim, entry, reverses)


def check_payment(row: EntryRow, before: State) -> None:
    """Raise LedgerError, saying what it would be, when a payment does not draw on the reserve."""
    if row.entry_type is not EntryType.PAYMENT or row.movement.paid <= 0:
        return
    expected = payment_movement(row.movement.paid, before).outstanding
    if row.movement.outstanding != expected:
        raise LedgerError(
            "A payment takes what it covers off the reserve: outstanding is "
            f"{money_text(expected)} here. Bring any other change as {EntryType.RESERVE_CHANGE}."
        )


def taken_back(row: EntryRow, planned: list[PlannedEntry]) -> PlannedEntry:
    """Return the last entry not yet reversed that a reversal is the exact opposite of."""
    reversed_already = [earlier.reverses for earlier in planned if earlier.reverses]
    for earlier in reversed(planned):
        if (
            earlier.row.entry_type in TAKEN_BACK[row.entry_type]
            and earlier.row.movement == -row.movement
            and not any(earlier is done for done in reversed_already)
        ):
            return earlier
    raise LedgerError("No earlier entry of exactly these amounts is left to reverse.")


def situation(state: State) -> str:
    """Say how the claim stood before an entry."""
    return (
        f"(Before it the claim is {state.status}: paid {money_text(state.paid)}, outstanding "
        f"{money_text(state.outstanding)}, recovered {money_text(state.recovered)}.)"
    )
