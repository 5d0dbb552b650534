"""Posting one entry: the claim is locked, the rules are checked, the balances are stored."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import select

from flaskr.audit.editing import PersonErased
from flaskr.audit.models import Action, Subject
from flaskr.audit.services import CHANGED, record
from flaskr.book.instants import next_instant
from flaskr.book.periods import check_period, note_first_posting
from flaskr.claims.ledger.balances import Balances, Movement, balances_after
from flaskr.claims.ledger.rules import FIRST_ENTRY_TYPES, REASON_REQUIRED, State
from flaskr.claims.models import ENTRY_TEXTS, Claim, EntryTexts, LedgerEntry
from flaskr.claims.queries import (
    balances_by_type,
    last_entry,
    last_transaction_date,
    locked_claim,
)
from flaskr.database.transactions import lock_ledger
from flaskr.errors import ChangedMeanwhile, LedgerError
from flaskr.extensions import db
from flaskr.facts.closed_lists import REASON_CHOICES, CostType, Coverage, EntryType, ReasonCode
from flaskr.values.calendar import local_day
from flaskr.values.text import clean_text
from flaskr.web.template_filters import label_of

# Reversals, and opening balances from another system, may be posted without coverage.
_ALLOWED_WITHOUT_COVERAGE = (
    EntryType.PAYMENT_REVERSAL,
    EntryType.RECOVERY_REVERSAL,
    EntryType.IMPORT_OPENING,
)


class PostedBy(TypedDict):
    """Who posts an entry, why, the texts beside it, and which entry of the claim they saw last.

    `seen_entry` is the id of that entry (0 for none). If it is given and the claim has a newer
    entry, ChangedMeanwhile is raised, so a form that is sent twice posts once.
    """

    actor: str
    seen_entry: NotRequired[int | None]
    reason_code: NotRequired[ReasonCode | None]
    reason: NotRequired[str]
    payee: NotRequired[str]
    payee_reference: NotRequired[str]
    note: NotRequired[str]


def post_entry(
    claim: Claim,
    entry_type: EntryType,
    movement_from: Callable[[Balances], Movement],
    transaction_date: date,
    *,
    cost_type: CostType = CostType.INDEMNITY,
    reverses: LedgerEntry | None = None,
    **by: Unpack[PostedBy],
) -> LedgerEntry:
    """Lock the claim, post one entry, and update the balances stored on the claim.

    `movement_from` returns the signed deltas, given the balances of the cost type before the entry.
    Raises LedgerError when a rule refuses it, ChangedMeanwhile when the claim has newer entries.
    """
    claim = locked_claim(claim.id)
    last = last_entry(claim)
    _check_seen_entry(claim, last, by.get("seen_entry"))
    _check_entry_type(entry_type, last, by)
    _check_not_reversed(reverses)
    # From the last entry, not from the claim: a wrong balance there must not enter the ledger.
    before = last.state if last else State()
    of_type = (by_type := balances_by_type(claim.id, before))[cost_type]
    movement = movement_from(of_type)
    after = before.after(entry_type, movement, transaction_date, cost_type, by_type)
    check_coverage(claim, entry_type, movement, cost_type, of_type)
    lock_ledger()
    entry = LedgerEntry(
        claim_id=claim.id,
        entry_type=entry_type,
        cost_type=cost_type,
        transaction_date=transaction_date,
        recorded_at=_checked_instant(claim, last, transaction_date),
        recorded_by=by["actor"],
        **vars(movement),
        reason_code=by.get("reason_code"),
        reverses=reverses.id if reverses else None,
        texts=_texts_of(claim, by),
    )
    _set_balances(claim, entry, after)
    _add(claim, entry)
    return entry


def _add(claim: Claim, entry: LedgerEntry) -> None:
    """Add an entry to the book, which gives it its id, and then to the trail."""
    db.session.add(entry)
    note_first_posting(entry.recorded_at)
    db.session.flush()
    record_entry(claim, entry)


def _checked_instant(claim: Claim, last: LedgerEntry | None, transaction_date: date) -> datetime:
    """Return the instant of an entry; raises LedgerError for a day that it cannot have."""
    recorded_at = next_instant()
    # Only where a migration stored the booked state may an earlier entry have a later day.
    if last is not None and last.status_booked is None:
        last_date: date | None = last.transaction_date
    else:
        last_date = last_transaction_date(claim)
    _check_transaction_date(claim, transaction_date, last_date, local_day(recorded_at))
    check_period(transaction_date)
    return recorded_at


def _texts_of(claim: Claim, by: PostedBy) -> EntryTexts | None:
    """Return the texts to store beside an entry, or None; raises PersonErased."""
    texts = {name: clean_text(str(by.get(name) or "")) for name in ENTRY_TEXTS}
    stored = {name: text for name, text in texts.items() if text}
    if stored and claim.erased_at:
        labels = (label_of(name) for name in stored)
        raise PersonErased(claim.erased_at, " and the ".join(labels))
    return EntryTexts(**stored) if stored else None


def record_entry(claim: Claim, entry: LedgerEntry) -> None:
    """Record an entry in the audit trail; of its texts, which may name people, only their names."""
    facts: dict[str, Any] = {
        "entry": entry.id,
        "entry_type": entry.entry_type,
        "transaction_date": entry.transaction_date,
        **vars(entry.movement),
    }
    if entry.cost_type is not CostType.INDEMNITY:
        facts["cost_type"] = entry.cost_type
    if entry.reason_code:
        facts["reason_code"] = entry.reason_code
    facts |= {name: CHANGED for name in ENTRY_TEXTS if getattr(entry.texts, name, None)}
    reference = claim.claim_reference
    record(Action.ENTRY_POSTED, Subject.CLAIM, reference, actor=entry.recorded_by, after=facts)


def _set_balances(claim: Claim, entry: LedgerEntry, after: State) -> None:
    """Store the state after an entry on the entry and on the claim."""
    entry.paid_after = claim.paid = after.paid
    entry.outstanding_after = claim.outstanding = after.outstanding
    entry.recovered_after = claim.recovered = after.recovered
    entry.status_after = claim.status = after.status
    entry.closed_date_after = claim.closed_date = after.closed_date
    claim.first_transaction_date = claim.first_transaction_date or entry.transaction_date
    claim.last_transaction_date = entry.transaction_date
    claim.last_recorded_at = entry.recorded_at


def _check_seen_entry(claim: Claim, last: LedgerEntry | None, seen_entry: int | None) -> None:
    """Raise ChangedMeanwhile when the claim has entries that the person did not see."""
    if seen_entry is not None and seen_entry != (last.id if last else 0):
        raise ChangedMeanwhile(
            f"Claim {claim.claim_reference} has new ledger entries since this form was opened; "
            "perhaps the form was sent twice. Check the ledger before posting again."
        )


def check_coverage(
    claim: Claim,
    entry_type: EntryType,
    movement: Movement,
    cost_type: CostType = CostType.INDEMNITY,
    of_type: Balances | None = None,
) -> None:
    """Raise LedgerError when paid or outstanding would rise on a loss that is not covered.

    Expenses may: the survey that found it out is paid. So may what only brings a migrated cost
    type that is below zero (`of_type`, before the entry) up to zero.
    """
    after = balances_after(movement, of_type or Balances())
    is_increase = (movement.paid > 0 and after.paid > 0) or (
        movement.outstanding > 0 and after.outstanding > 0
    )
    is_expense = cost_type is CostType.EXPENSE
    if not is_increase or is_expense or entry_type in _ALLOWED_WITHOUT_COVERAGE:
        return
    if claim.coverage != Coverage.NOT_IN_FORCE:
        return
    raise LedgerError(
        f"{coverage_reason(claim)} So no more indemnity can be reserved or paid; "
        "the claim itself can be kept, and expenses can be paid."
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


def _check_entry_type(entry_type: EntryType, last: LedgerEntry | None, by: PostedBy) -> None:
    """Raise LedgerError for a first entry that is not, or one that takes back without a reason."""
    if last is not None and entry_type in FIRST_ENTRY_TYPES:
        raise LedgerError("The claim has entries already. Set the reserve to a new level instead.")
    if entry_type in REASON_REQUIRED and by.get("reason_code") not in REASON_CHOICES:
        raise LedgerError("Choose a reason.")


def _check_not_reversed(entry: LedgerEntry | None) -> None:
    """Raise LedgerError when an entry has been reversed already."""
    if entry is None:
        return
    reversal = select(LedgerEntry.id).where(LedgerEntry.reverses == entry.id)
    if db.session.scalar(reversal) is not None:
        raise LedgerError("That entry has been reversed already.")


def _check_transaction_date(
    claim: Claim, transaction_date: date, last_date: date | None, today: date
) -> None:
    """Raise LedgerError for a date in the future, or before the claim's last entry or its report.

    `last_date` is the greatest transaction date of its entries, None without entries. A claim
    without a reported date has its loss date in place of it.
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
