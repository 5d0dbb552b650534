"""Posting one entry: the claim is locked, the rules are checked, the balances are stored."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NotRequired, TypedDict, Unpack

from sqlalchemy import func, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import CHANGED, record
from flaskr.claims.ledger.rules import FIRST_ENTRY_TYPES, REASON_REQUIRED, Movement, State
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.database import lock_ledger
from flaskr.errors import ChangedMeanwhile, LedgerError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Coverage, EntryType
from flaskr.values.calendar import local_day, utc_now
from flaskr.values.text import clean_text

# Reversals, and opening balances from another system, may be posted without coverage.
_ALLOWED_WITHOUT_COVERAGE = (
    EntryType.PAYMENT_REVERSAL,
    EntryType.RECOVERY_REVERSAL,
    EntryType.IMPORT_OPENING,
)


class PostedBy(TypedDict):
    """Who posts an entry, why, and which entry of the claim they saw last.

    `seen_entry` is the id of that entry (0 for none). If it is given and the claim has a newer
    entry, ChangedMeanwhile is raised, so a form that is sent twice posts once.
    """

    actor: str
    reason: NotRequired[str]
    seen_entry: NotRequired[int | None]


def post_entry(
    claim: Claim,
    entry_type: EntryType,
    movement_from: Callable[[State], Movement],
    transaction_date: date,
    *,
    reverses: LedgerEntry | None = None,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Lock the claim, post one entry, and update the balances stored on the claim.

    `movement_from` returns the signed deltas, given the state before the entry. `reverses` is the
    entry that this one reverses. Raises LedgerError when a rule refuses the entry, and
    ChangedMeanwhile when the claim has an entry newer than `seen_entry`.
    """
    claim = locked_claim(claim.id)
    last = last_entry(claim)
    _check_seen_entry(claim, last, by.get("seen_entry"))
    _check_is_first(entry_type, last)
    _check_not_reversed(reverses)
    # From the last entry, not from the claim: a wrong balance there must not enter the ledger.
    before = last.state if last else State()
    movement = movement_from(before)
    after = before.after(entry_type, movement, transaction_date)
    check_coverage(claim, entry_type, movement)
    reason = _checked_reason(entry_type, by.get("reason", ""))
    lock_ledger()
    recorded_at = max(next_recorded_at(), claim.recorded_at)
    last_date = last.transaction_date if last else None
    check_transaction_date(claim, transaction_date, last_date, local_day(recorded_at))
    entry = LedgerEntry(
        claim_id=claim.id,
        entry_type=entry_type,
        transaction_date=transaction_date,
        recorded_at=recorded_at,
        recorded_by=by["actor"],
        **vars(movement),
        reason=reason,
        reverses=reverses.id if reverses else None,
    )
    _set_balances(claim, entry, after)
    db.session.add(entry)
    record_entry(claim, entry)
    db.session.flush()
    return entry


def record_entry(claim: Claim, entry: LedgerEntry) -> None:
    """Record an entry in the audit trail, without its reason: free text is in the ledger only."""
    facts = {"entry_type": entry.entry_type, "transaction_date": entry.transaction_date}
    facts |= vars(entry.movement) | ({"reason": CHANGED} if entry.reason else {})
    reference = claim.claim_reference
    record(Action.ENTRY_POSTED, Subject.CLAIM, reference, actor=entry.recorded_by, after=facts)


def _set_balances(claim: Claim, entry: LedgerEntry, after: State) -> None:
    """Store the state after an entry on the entry and on the claim."""
    entry.paid_after = claim.paid = after.paid
    entry.outstanding_after = claim.outstanding = after.outstanding
    entry.recovered_after = claim.recovered = after.recovered
    entry.status_after = claim.status = after.status
    entry.closed_date_after = claim.closed_date = after.closed_date
    claim.last_transaction_date = entry.transaction_date
    claim.last_recorded_at = entry.recorded_at


def next_recorded_at() -> datetime:
    """Return now, or the instant of the newest entry if the clock has been set back since.

    Call it with the ledger locked, so that ids, instants and commits are in the same order.
    """
    entered_at = func.coalesce(LedgerEntry.imported_at, LedgerEntry.recorded_at)
    last = db.session.scalar(select(entered_at).order_by(LedgerEntry.id.desc()).limit(1))
    now = utc_now()
    return max(now, last) if last else now


def _check_seen_entry(claim: Claim, last: LedgerEntry | None, seen_entry: int | None) -> None:
    """Raise ChangedMeanwhile when the claim has entries that the person did not see."""
    if seen_entry is not None and seen_entry != (last.id if last else 0):
        raise ChangedMeanwhile(
            f"Claim {claim.claim_reference} has new ledger entries since this form was opened; "
            "perhaps the form was sent twice. Check the ledger before posting again."
        )


def check_coverage(claim: Claim, entry_type: EntryType, movement: Movement) -> None:
    """Raise LedgerError when paid or outstanding would rise on a loss that is not covered."""
    is_increase = movement.paid > 0 or movement.outstanding > 0
    if not is_increase or entry_type in _ALLOWED_WITHOUT_COVERAGE:
        return
    if claim.coverage != Coverage.NOT_IN_FORCE:
        return
    raise LedgerError(
        f"{coverage_reason(claim)} So no more can be reserved or paid; "
        "the claim itself can be kept without a reserve."
    )


def coverage_reason(claim: Claim) -> str:
    """Return a sentence that says why the claim is covered, not covered, or unverified."""
    policy = claim.policy
    if policy is None:
        return "The claim has no policy."
    if claim.loss_date is None:
        return "The claim has no loss date."
    period = f"{policy.inception_date} to {policy.expiry_date}"
    if policy.covers(claim.loss_date):
        return f"Policy {policy.policy_number} was in force on {claim.loss_date} ({period})."
    if policy.cancelled_on and policy.inception_date <= claim.loss_date < policy.expiry_date:
        return (
            f"Policy {policy.policy_number} was cancelled from {policy.cancelled_on}, "
            f"and the loss was on {claim.loss_date}."
        )
    return f"Policy {policy.policy_number} covers {period}, and the loss was on {claim.loss_date}."


def _checked_reason(entry_type: EntryType, reason: str) -> str | None:
    """Return the reason to store; raises LedgerError when a required one is missing."""
    cleaned = clean_text(reason)
    if not cleaned and entry_type in REASON_REQUIRED:
        raise LedgerError("Say why the claim is reopened.")
    return cleaned or None


def _check_is_first(entry_type: EntryType, last: LedgerEntry | None) -> None:
    """Raise LedgerError when the entry can only be the first, and the claim has entries already."""
    if last is not None and entry_type in FIRST_ENTRY_TYPES:
        raise LedgerError("The claim has entries already. Set the reserve to a new level instead.")


def _check_not_reversed(entry: LedgerEntry | None) -> None:
    """Raise LedgerError when an entry has been reversed already."""
    if entry is None:
        return
    reversal = select(LedgerEntry.id).where(LedgerEntry.reverses == entry.id)
    if db.session.scalar(reversal) is not None:
        raise LedgerError("That entry has been reversed already.")


def check_transaction_date(
    claim: Claim, transaction_date: date, last_date: date | None, today: date
) -> None:
    """Raise LedgerError for a date in the future, or before the claim's last entry or its report.

    `last_date` is the transaction date of the last entry, None without entries. A claim without a
    reported date has its loss date in place of it.
    """
    if transaction_date > today:
        raise LedgerError(f"The date {transaction_date} is in the future.")
    if last_date is not None and transaction_date < last_date:
        raise LedgerError(
            f"The claim already has an entry dated {last_date}, and a new entry cannot be dated "
            f"before it. Date a late document on any day from {last_date} to today."
        )
    earliest = claim.reported_date or claim.loss_date
    if earliest and transaction_date < earliest:
        raise LedgerError(
            f"The date {transaction_date} is before the claim was reported ({earliest})."
        )
