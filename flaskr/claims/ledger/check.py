"""Compare the whole ledger with its rules, and the balances stored on claims with the ledger."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, record
from flaskr.claims.ledger.rules import (
    ALLOWED_STATUSES,
    BALANCES,
    FIRST_ENTRY_TYPES,
    OPEN_STATUSES,
    REVERSAL_TYPES,
    SETTLED_STATUSES,
    STATUS_AFTER,
    State,
)
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, Status
from flaskr.values.money import ZERO

_NEVER = literal(date.min)


@dataclass(frozen=True)
class Disagreement:
    """One fault in the book: a claim, and what is wrong with it or with one of its entries."""

    claim_reference: str
    text: str


def _entries_with_previous() -> Any:
    """Select every entry with what the entries before it on its claim lead to.

    `*_sum` is the running sum of the deltas, `*_before` the value on the previous entry.
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
    """Select (claim_reference, id) of entries whose state does not follow from the previous ones.

    An entry is wrong too when its date or its instant is earlier than that of the entry before it,
    and when the claim's status did not allow it.
    """
    entry = _entries_with_previous().c
    status_type = LedgerEntry.status_after.type
    status_before = func.coalesce(entry.status_after_before, literal(Status.OPEN, status_type))
    # Typed literals: checking an archive compiles this select to text.
    status_after = {kind: literal(after, status_type) for kind, after in STATUS_AFTER.items()}
    status = case(
        *((entry.entry_type == kind, after) for kind, after in status_after.items()),
        else_=status_before,
    )
    closed_date = case(
        (entry.status_after.not_in(SETTLED_STATUSES), None),
        (entry.entry_type.in_(STATUS_AFTER), entry.transaction_date),
        else_=entry.closed_date_after_before,
    )
    is_wrong = entry.status_after != status
    # Not is_distinct_from, whose values cannot be compiled to text.
    is_wrong |= func.coalesce(entry.closed_date_after, _NEVER) != func.coalesce(closed_date, _NEVER)
    for name in BALANCES:
        is_wrong |= entry[f"{name}_after"] != entry[f"{name}_sum"]
    for clock in ("transaction_date", "recorded_at"):
        is_wrong |= entry[clock] < entry[f"{clock}_before"]
    is_wrong |= _is_forbidden(entry, status_before)
    return (
        select(Claim.claim_reference, entry.id)
        .join(Claim, entry.claim_id == Claim.id)
        .where(is_wrong)
        .order_by(entry.id)
    )


def _is_forbidden(entry: Any, status_before: Any) -> Any:
    """Return the condition that the rules forbid an entry.

    They do when the claim's status does not allow its type, when it can only be the first entry and
    is not, and when a payment reduces the reserve neither by its own amount nor to zero.
    """
    needs_open = [kind for kind, allowed in ALLOWED_STATUSES.items() if allowed == OPEN_STATUSES]
    is_payment = entry.entry_type == EntryType.PAYMENT
    return or_(
        entry.entry_type.in_(needs_open) & status_before.in_(SETTLED_STATUSES),
        (entry.entry_type == EntryType.RESERVE_REOPEN) & status_before.in_(OPEN_STATUSES),
        entry.entry_type.in_(FIRST_ENTRY_TYPES) & entry.status_after_before.is_not(None),
        is_payment & (entry.outstanding_after != ZERO) & (entry.outstanding != -entry.paid),
    )


def wrong_reversals() -> Select[str, int]:
    """Select (claim_reference, id) of reversals that are not the exact opposite of their entry.

    A reversal of another claim's entry is wrong too.
    """
    reversed_entry = aliased(LedgerEntry)
    differs = LedgerEntry.claim_id != reversed_entry.claim_id
    for name in BALANCES:
        differs |= getattr(LedgerEntry, name) != -getattr(reversed_entry, name)
    return (
        select(Claim.claim_reference, LedgerEntry.id)
        .join(Claim, LedgerEntry.claim_id == Claim.id)
        .join(reversed_entry, LedgerEntry.reverses == reversed_entry.id)
        .where(LedgerEntry.entry_type.in_(REVERSAL_TYPES), differs)
        .order_by(LedgerEntry.id)
    )


def wrong_claims() -> Select[int, str]:
    """Select (id, claim_reference) of claims whose stored state is not that of their last entry."""
    last_ids = (
        select(func.max(LedgerEntry.id).label("entry_id")).group_by(LedgerEntry.claim_id).subquery()
    )
    last_entries = (
        select(LedgerEntry).join(last_ids, last_ids.c.entry_id == LedgerEntry.id).subquery()
    )
    state = {
        "paid": func.coalesce(last_entries.c.paid_after, ZERO),
        "outstanding": func.coalesce(last_entries.c.outstanding_after, ZERO),
        "recovered": func.coalesce(last_entries.c.recovered_after, ZERO),
        "status": func.coalesce(
            last_entries.c.status_after, literal(Status.OPEN, Claim.status.type)
        ),
    }
    nullable = {
        "closed_date": last_entries.c.closed_date_after,
        "last_transaction_date": last_entries.c.transaction_date,
        "last_recorded_at": last_entries.c.recorded_at,
    }
    differs = or_(*(getattr(Claim, name) != value for name, value in state.items()))
    for name, value in nullable.items():
        differs |= getattr(Claim, name).is_distinct_from(value)
    return (
        select(Claim.id, Claim.claim_reference)
        .outerjoin(last_entries, last_entries.c.claim_id == Claim.id)
        .where(differs)
        .order_by(Claim.id)
    )


def disagreements() -> Iterator[Disagreement]:
    """Yield every disagreement: wrong entries first, then wrong reversals, then wrong claims."""
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
    """Correct the claims that disagree from their last entry; return how many there were.

    Each claim is locked and its last entry read again: somebody may have posted meanwhile.
    """
    claim_ids = db.session.scalars(wrong_claims().with_only_columns(Claim.id)).all()
    for claim_id in claim_ids:
        claim = locked_claim(claim_id)
        last = last_entry(claim)
        values = asdict(last.state if last else State())
        values["last_transaction_date"] = last.transaction_date if last else None
        values["last_recorded_at"] = last.recorded_at if last else None
        db.session.execute(update(Claim).where(Claim.id == claim_id).values(values))
    if claim_ids:
        facts = {"claims": len(claim_ids)}
        record(Action.BALANCES_REBUILT, Subject.BOOK, BOOK, actor=actor, after=facts)
    return len(claim_ids)
