"""Whether the book agrees with itself: balances after each entry, and those kept on each claim."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, update

from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.rules import Status
from flaskr.extensions import db
from flaskr.money import ZERO

BALANCES = ("paid", "outstanding", "recovered")


@dataclass(frozen=True)
class Fault:
    """One place where the book disagrees with itself."""

    claim_reference: str
    text: str


def wrong_entries() -> Select[Any]:
    """Select (claim_reference, id) of entries whose balances are not the sums so far.

    An entry on which a clock goes back is wrong too.
    """
    in_order: Any = {"partition_by": LedgerEntry.claim_id, "order_by": LedgerEntry.id}
    sums = {name: func.sum(getattr(LedgerEntry, name)).over(**in_order) for name in BALANCES}
    before = {
        name: func.lag(getattr(LedgerEntry, name)).over(**in_order)
        for name in ("transaction_date", "recorded_at")
    }
    entry = select(
        LedgerEntry.id,
        LedgerEntry.claim_id,
        *(getattr(LedgerEntry, f"{name}_after") for name in BALANCES),
        LedgerEntry.transaction_date,
        LedgerEntry.recorded_at,
        *(column.label(f"{name}_sum") for name, column in sums.items()),
        *(column.label(f"{name}_before") for name, column in before.items()),
    ).subquery()
    is_wrong = (
        (entry.c.paid_after != entry.c.paid_sum)
        | (entry.c.outstanding_after != entry.c.outstanding_sum)
        | (entry.c.recovered_after != entry.c.recovered_sum)
        | (entry.c.transaction_date < entry.c.transaction_date_before)
        | (entry.c.recorded_at < entry.c.recorded_at_before)
    )
    return (
        select(Claim.claim_reference, entry.c.id)
        .join(entry, entry.c.claim_id == Claim.id)
        .where(is_wrong)
        .order_by(entry.c.id)
    )


def wrong_claims() -> Select[Any]:
    """Select (id, claim_reference, last entry's state) of claims whose balances differ."""
    last = (
        select(func.max(LedgerEntry.id).label("entry_id")).group_by(LedgerEntry.claim_id).subquery()
    )
    of_last = select(LedgerEntry).join(last, last.c.entry_id == LedgerEntry.id).subquery()
    state = {
        "paid": func.coalesce(of_last.c.paid_after, ZERO),
        "outstanding": func.coalesce(of_last.c.outstanding_after, ZERO),
        "recovered": func.coalesce(of_last.c.recovered_after, ZERO),
        "status": func.coalesce(of_last.c.status_after, Status.OPEN),
        "closed_date": of_last.c.closed_date_after,
    }
    differs = Claim.closed_date.is_distinct_from(state["closed_date"])
    for name in (*BALANCES, "status"):
        differs |= getattr(Claim, name) != state[name]
    return (
        select(Claim.id, Claim.claim_reference, *(c.label(n) for n, c in state.items()))
        .outerjoin(of_last, of_last.c.claim_id == Claim.id)
        .where(differs)
        .order_by(Claim.id)
    )


def faults() -> Iterator[Fault]:
    """Yield every disagreement, the ledger's own first."""
    for reference, entry_id in db.session.execute(wrong_entries()):
        yield Fault(reference, f"ledger entry {entry_id} does not follow from those before it")
    for row in db.session.execute(wrong_claims()):
        yield Fault(row.claim_reference, "the balances on the claim are not those of its ledger")


def rebuild_balances() -> int:
    """Set the claims that disagree to the state of their last entry; return how many there were."""
    wrong = db.session.execute(wrong_claims()).mappings().all()
    for row in wrong:
        state = {name: row[name] for name in (*BALANCES, "status", "closed_date")}
        db.session.execute(update(Claim).where(Claim.id == row["id"]).values(state))
    return len(wrong)
