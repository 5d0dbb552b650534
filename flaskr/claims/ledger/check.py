"""Whether the book agrees with itself: balances after each entry, and those kept on each claim."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, record
from flaskr.claims.ledger.rules import (
    ALLOWED_ON,
    BALANCES,
    FIRST_ONLY,
    LIVE,
    REVERSALS,
    SETTLED,
    STATUS_AFTER,
    State,
)
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.extensions import db
from flaskr.facts.lists import EntryType, Status
from flaskr.values.money import ZERO

_NEVER = literal(date.min)


@dataclass(frozen=True)
class Disagreement:
    """One place where the book disagrees with itself."""

    claim_reference: str
    text: str


def _followed_entries() -> Any:
    """Select every entry beside what those before it on its claim make of it.

    `*_sum` is the sum of the deltas so far, `*_before` the column's value on the entry before.
    """
    in_order: Any = {"partition_by": LedgerEntry.claim_id, "order_by": LedgerEntry.id}
    sums = {name: func.sum(getattr(LedgerEntry, name)).over(**in_order) for name in BALANCES}
    before = {
        name: func.lag(getattr(LedgerEntry, name)).over(**in_order)
        for name in ("transaction_date", "recorded_at", "status_after", "closed_date_after")
    }
    return select(
        *LedgerEntry.__table__.columns,
        *(column.label(f"{name}_sum") for name, column in sums.items()),
        *(column.label(f"{name}_before") for name, column in before.items()),
    ).subquery()


def wrong_entries() -> Select[str, int]:
    """Select (claim_reference, id) of entries whose state does not follow from those before.

    An entry on which a clock goes back is wrong too, and one that the status before does not allow.
    """
    entry = _followed_entries().c
    status_type = LedgerEntry.status_after.type
    status_before = func.coalesce(entry.status_after_before, literal(Status.OPEN, status_type))
    # values with their type: an archive is checked by this select as text
    becomes = {kind: literal(after, status_type) for kind, after in STATUS_AFTER.items()}
    status = case(
        *((entry.entry_type == kind, after) for kind, after in becomes.items()), else_=status_before
    )
    closed_date = case(
        (entry.status_after.not_in(SETTLED), None),
        (entry.entry_type.in_(STATUS_AFTER), entry.transaction_date),
        else_=entry.closed_date_after_before,
    )
    is_wrong = entry.status_after != status
    # not is_distinct_from, which writes no values into a select as text
    is_wrong |= func.coalesce(entry.closed_date_after, _NEVER) != func.coalesce(closed_date, _NEVER)
    for name in BALANCES:
        is_wrong |= entry[f"{name}_after"] != entry[f"{name}_sum"]
    for clock in ("transaction_date", "recorded_at"):
        is_wrong |= entry[clock] < entry[f"{clock}_before"]
    is_wrong |= _is_out_of_place(entry, status_before)
    return (
        select(Claim.claim_reference, entry.id)
        .join(Claim, entry.claim_id == Claim.id)
        .where(is_wrong)
        .order_by(entry.id)
    )


def _is_out_of_place(entry: Any, status_before: Any) -> Any:
    """Whether the claim as it was takes no such entry, or has one that should be its first.

    A payment takes what it covers off the reserve: all of itself, or all there is.
    """
    needs_live = [kind for kind, allowed in ALLOWED_ON.items() if allowed == LIVE]
    is_payment = entry.entry_type == EntryType.PAYMENT
    return or_(
        entry.entry_type.in_(needs_live) & status_before.in_(SETTLED),
        (entry.entry_type == EntryType.RESERVE_REOPEN) & status_before.in_(LIVE),
        entry.entry_type.in_(FIRST_ONLY) & entry.status_after_before.is_not(None),
        is_payment & (entry.outstanding_after != ZERO) & (entry.outstanding != -entry.paid),
    )


def wrong_reversals() -> Select[str, int]:
    """Select (claim_reference, id) of reversals that do not negate an entry of their claim."""
    reversed_entry = aliased(LedgerEntry)
    differs = LedgerEntry.claim_id != reversed_entry.claim_id
    for name in BALANCES:
        differs |= getattr(LedgerEntry, name) != -getattr(reversed_entry, name)
    return (
        select(Claim.claim_reference, LedgerEntry.id)
        .join(Claim, LedgerEntry.claim_id == Claim.id)
        .join(reversed_entry, LedgerEntry.reverses == reversed_entry.id)
        .where(LedgerEntry.entry_type.in_(REVERSALS), differs)
        .order_by(LedgerEntry.id)
    )


def wrong_claims() -> Select[int, str]:
    """Select (id, claim_reference) of claims that do not keep what their last entry says."""
    last = (
        select(func.max(LedgerEntry.id).label("entry_id")).group_by(LedgerEntry.claim_id).subquery()
    )
    of_last = select(LedgerEntry).join(last, last.c.entry_id == LedgerEntry.id).subquery()
    state = {
        "paid": func.coalesce(of_last.c.paid_after, ZERO),
        "outstanding": func.coalesce(of_last.c.outstanding_after, ZERO),
        "recovered": func.coalesce(of_last.c.recovered_after, ZERO),
        "status": func.coalesce(of_last.c.status_after, literal(Status.OPEN, Claim.status.type)),
    }
    may_be_null = {
        "closed_date": of_last.c.closed_date_after,
        "last_transaction_date": of_last.c.transaction_date,
        "last_recorded_at": of_last.c.recorded_at,
    }
    differs = or_(*(getattr(Claim, name) != value for name, value in state.items()))
    for name, value in may_be_null.items():
        differs |= getattr(Claim, name).is_distinct_from(value)
    return (
        select(Claim.id, Claim.claim_reference)
        .outerjoin(of_last, of_last.c.claim_id == Claim.id)
        .where(differs)
        .order_by(Claim.id)
    )


def disagreements() -> Iterator[Disagreement]:
    """Yield every disagreement, the ledger's own first."""
    for reference, entry_id in db.session.execute(wrong_entries()):
        yield Disagreement(
            reference, f"ledger entry {entry_id} does not follow from the entries before it"
        )
    for reference, entry_id in db.session.execute(wrong_reversals()):
        yield Disagreement(
            reference, f"ledger entry {entry_id} is not the opposite of the entry it reverses"
        )
    for _, reference in db.session.execute(wrong_claims()):
        yield Disagreement(reference, "what the claim stores differs from its ledger")


def rebuild_balances(actor: str) -> int:
    """Set the claims that disagree to the state of their last entry; return how many there were.

    Each is locked and looked at anew: somebody may have posted since it was found.
    """
    wrong = db.session.scalars(wrong_claims().with_only_columns(Claim.id)).all()
    for claim_id in wrong:
        claim = locked_claim(claim_id)
        last = last_entry(claim)
        kept = asdict(last.state if last else State())
        kept["last_transaction_date"] = last.transaction_date if last else None
        kept["last_recorded_at"] = last.recorded_at if last else None
        db.session.execute(update(Claim).where(Claim.id == claim_id).values(kept))
    if wrong:
        said = {"claims": len(wrong)}
        record(Action.BALANCES_REBUILT, Subject.BOOK, BOOK, actor=actor, after=said)
    return len(wrong)
