"""The select of claims whose stored state is not that of their last entry."""

from sqlalchemy import Select, func, literal, or_, select

from flaskr.claims.models import Claim, LedgerEntry
from flaskr.facts.closed_lists import Status
from flaskr.values.money import ZERO


def wrong_claims() -> Select[str, int]:
    """Select (claim_reference, id) of claims whose stored state is not that of their last entry."""
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
        select(Claim.claim_reference, Claim.id)
        .outerjoin(last_entries, last_entries.c.claim_id == Claim.id)
        .where(differs)
        .order_by(Claim.id)
    )
