"""Compare the whole ledger with its rules, and the balances stored on claims with the ledger."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Select, func, literal, or_, select, update

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, record
from flaskr.claims.ledger.entry_checks import (
    wrong_booked_entries,
    wrong_entries,
    wrong_reversals,
)
from flaskr.claims.ledger.rules import (
    State,
)
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import (
    first_transaction_date,
    last_entry,
    last_transaction_date,
    locked_claim,
)
from flaskr.database.transactions import lock_ledger
from flaskr.extensions import db
from flaskr.facts.closed_lists import Status
from flaskr.values.money import ZERO

_NEVER = literal(date.min)


@dataclass(frozen=True)
class Disagreement:
    """One fault in the book: a claim, and what is wrong with it or with one of its entries."""

    claim_reference: str
    text: str


def wrong_claims() -> Select[int, str]:
    """Select (id, claim_reference) of claims whose stored state is not that of their last entry."""
    ends = select(
        func.max(LedgerEntry.id).label("entry_id"),
        func.min(LedgerEntry.transaction_date).label("first_day"),
        func.max(LedgerEntry.transaction_date).label("last_day"),
    )
    of_claims = ends.group_by(LedgerEntry.claim_id).subquery()
    last_entries = (
        select(*LedgerEntry.__table__.columns, of_claims.c.first_day, of_claims.c.last_day)
        .join(of_claims, of_claims.c.entry_id == LedgerEntry.id)
        .subquery()
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
        "first_transaction_date": last_entries.c.first_day,
        "last_transaction_date": last_entries.c.last_day,
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
    for reference, entry_id in db.session.execute(wrong_booked_entries()):
        yield Disagreement(
            reference, f"ledger entry {entry_id} does not follow from the entries of earlier days"
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
        values["first_transaction_date"] = first_transaction_date(claim)
        values["last_transaction_date"] = last_transaction_date(claim)
        values["last_recorded_at"] = last.recorded_at if last else None
        db.session.execute(update(Claim).where(Claim.id == claim_id).values(values))
    if claim_ids:
        lock_ledger()  # so that the commit is sealed: files of before are out of date
        facts = {"claims": len(claim_ids)}
        record(Action.BALANCES_REBUILT, Subject.BOOK, BOOK, actor=actor, after=facts)
    return len(claim_ids)
