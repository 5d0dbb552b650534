"""How an entry gets into the ledger: locked, in order, by the rules, with the balances after it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NotRequired, TypedDict, Unpack

from sqlalchemy import func, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import CHANGED, record
from flaskr.claims.ledger.rules import FIRST_ONLY, NEEDS_REASON, Movement, State
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.database import lock_ledger
from flaskr.errors import ChangedMeanwhile, LedgerError
from flaskr.extensions import db
from flaskr.facts.lists import Coverage, EntryType
from flaskr.values.calendar import local_day, utc_now
from flaskr.values.text import clean_text

# What only undoes, or comes from another system: taken on a claim that its policy does not cover.
_ALLOWED_UNCOVERED = (
    EntryType.PAYMENT_REVERSAL,
    EntryType.RECOVERY_REVERSAL,
    EntryType.IMPORT_OPENING,
)


class By(TypedDict):
    """Who posts an entry, and what they knew: `actor`, perhaps a `reason`, and `seen_entry`.

    `seen_entry` is the id of the last entry that the person saw (0 for none). When it is given and
    another entry has come since, ChangedMeanwhile is raised: a form sent twice posts once.
    """

    actor: str
    reason: NotRequired[str]
    seen_entry: NotRequired[int | None]


def post_entry(
    claim: Claim,
    entry_type: EntryType,
    movement_from: Callable[[State], Movement],
    day: date,
    *,
    reverses: LedgerEntry | None = None,
    **by: Unpack[By],
) -> LedgerEntry:
    """Lock the claim, post one entry dated `day`, and bring the claim's balances with it.

    `movement_from` makes the signed deltas from the state before the entry. Raises LedgerError when
    a rule refuses, and ChangedMeanwhile as `By` says.
    """
    claim = locked_claim(claim.id)
    last = last_entry(claim)
    _check_seen(claim, last, by.get("seen_entry"))
    if last is not None and entry_type in FIRST_ONLY:
        raise LedgerError("The claim has entries already. Set the reserve to a new level instead.")
    _check_not_reversed(reverses)
    # Not the balances on the claim: were they ever wrong, the ledger must not take that over.
    before = last.state if last else State()
    movement = movement_from(before)
    after = before.after(entry_type, movement, day)
    check_cover(claim, entry_type, movement)
    reason = _checked_reason(entry_type, by.get("reason", ""))
    lock_ledger()
    recorded_at = max(next_instant(), claim.recorded_at)
    check_day(claim, day, last.transaction_date if last else None, local_day(recorded_at))
    entry = LedgerEntry(
        claim_id=claim.id,
        entry_type=entry_type,
        transaction_date=day,
        recorded_at=recorded_at,
        recorded_by=by["actor"],
        **vars(movement),
        reason=reason,
        reverses=reverses.id if reverses else None,
    )
    _carry(claim, entry, after)
    db.session.add(entry)
    record_posted(claim, entry)
    db.session.flush()
    return entry


def record_posted(claim: Claim, entry: LedgerEntry) -> None:
    """Record what an entry moves; its reason is free text, and stands in the ledger alone."""
    said = {"entry_type": entry.entry_type, "transaction_date": entry.transaction_date}
    said |= vars(entry.movement) | ({"reason": CHANGED} if entry.reason else {})
    reference = claim.claim_reference
    record(Action.ENTRY_POSTED, Subject.CLAIM, reference, actor=entry.recorded_by, after=said)


def _carry(claim: Claim, entry: LedgerEntry, after: State) -> None:
    """Write the state after an entry on the entry, and on the claim with when it was."""
    entry.paid_after = claim.paid = after.paid
    entry.outstanding_after = claim.outstanding = after.outstanding
    entry.recovered_after = claim.recovered = after.recovered
    entry.status_after = claim.status = after.status
    entry.closed_date_after = claim.closed_date = after.closed_date
    claim.last_transaction_date = entry.transaction_date
    claim.last_recorded_at = entry.recorded_at


def next_instant() -> datetime:
    """Return now, or the last entry's instant should the clock have been set back.

    Call it with the ledger locked: ids, instants and commits then have one order.
    """
    stood_since = func.coalesce(LedgerEntry.imported_at, LedgerEntry.recorded_at)
    last = db.session.scalar(select(stood_since).order_by(LedgerEntry.id.desc()).limit(1))
    now = utc_now()
    return max(now, last) if last else now


def _check_seen(claim: Claim, last: LedgerEntry | None, seen_entry: int | None) -> None:
    """Raise ChangedMeanwhile when the claim's ledger is not what the person saw."""
    if seen_entry is not None and seen_entry != (last.id if last else 0):
        raise ChangedMeanwhile(
            f"Claim {claim.claim_reference} has new ledger entries since this form was opened; "
            "perhaps the form was sent twice. Check the ledger before posting again."
        )


def check_cover(claim: Claim, entry_type: EntryType, movement: Movement) -> None:
    """Raise LedgerError for what would raise paid or outstanding on a loss that is not covered."""
    raises = movement.paid > 0 or movement.outstanding > 0
    if not raises or entry_type in _ALLOWED_UNCOVERED or claim.coverage != Coverage.NOT_IN_FORCE:
        return
    raise LedgerError(
        f"{coverage_reason(claim)} So no more can be reserved or paid; "
        "the claim itself can be kept without a reserve."
    )


def coverage_reason(claim: Claim) -> str:
    """Say in a sentence why a claim is covered, not covered, or neither."""
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
    """Return the reason as kept; raises LedgerError where one is required and missing."""
    cleaned = clean_text(reason)
    if not cleaned and entry_type in NEEDS_REASON:
        raise LedgerError("Say why the claim is reopened.")
    return cleaned or None


def _check_not_reversed(entry: LedgerEntry | None) -> None:
    """Raise LedgerError when an entry has been reversed already."""
    if entry is None:
        return
    already = select(LedgerEntry.id).where(LedgerEntry.reverses == entry.id)
    if db.session.scalar(already) is not None:
        raise LedgerError("That entry has been reversed already.")


def check_day(claim: Claim, day: date, last_day: date | None, today: date) -> None:
    """Raise LedgerError unless the day is from the claim's last entry, or its report, to today."""
    if day > today:
        raise LedgerError(f"The date {day} is in the future.")
    if last_day is not None and day < last_day:
        raise LedgerError(
            f"The claim already has an entry dated {last_day}, and a new entry cannot be dated "
            f"before it. Date a late document on any day from {last_day} to today."
        )
    earliest = claim.reported_date or claim.loss_date
    if earliest and day < earliest:
        raise LedgerError(f"The date {day} is before the claim was reported ({earliest}).")
