"""What the book knows of claims now; as at another day is in cut_queries."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from flaskr.claims.as_at_queries import current_coverage
from flaskr.claims.ledger.rules import OPEN_STATUSES
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.database import locked_row
from flaskr.extensions import db
from flaskr.facts.lists import Coverage
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.money import ZERO
from flaskr.values.text import lookup_key


def claim_by_reference(reference: str) -> Claim | None:
    """Return the claim of that reference with its policy, however its letters are cased."""
    return db.session.scalar(
        select(Claim)
        .filter_by(claim_reference_key=lookup_key(reference))
        .options(joinedload(Claim.policy))
    )


def locked_claim(claim_id: int) -> Claim:
    """Return a claim as it is now, with its policy, locked until the transaction ends."""
    return with_current_policy(locked_row(select(Claim).where(Claim.id == claim_id)))


def with_current_policy(claim: Claim) -> Claim:
    """Return the claim with its policy read anew: cover is judged by the facts of this moment.

    They stay so until the transaction ends: an edit of the policy waits, and is waited for.
    """
    set_committed_value(claim, "policy", share_locked_policy(claim.policy_id))
    return claim


def share_locked_policy(policy_id: int | None) -> Policy | None:
    """Return a policy as it is now, kept from edits, but not from other readers, until commit."""
    if policy_id is None:
        return None
    in_share = {"read": True}
    return db.session.get(Policy, policy_id, populate_existing=True, with_for_update=in_share)


def entries_of(claim: Claim) -> list[LedgerEntry]:
    """Return a claim's ledger, in order."""
    of_claim = select(LedgerEntry).where(LedgerEntry.claim_id == claim.id)
    return list(db.session.scalars(of_claim.order_by(LedgerEntry.id)))


def last_entry(claim: Claim) -> LedgerEntry | None:
    """Return a claim's latest entry."""
    of_claim = select(LedgerEntry).where(LedgerEntry.claim_id == claim.id)
    # By the index on (claim_id, transaction_date): within a claim no clock goes backwards.
    latest = of_claim.order_by(LedgerEntry.transaction_date.desc(), LedgerEntry.id.desc()).limit(1)
    return db.session.scalar(latest)


def first_transaction_date(claim: Claim) -> date | None:
    """Return the day of a claim's first entry, None without entries."""
    days = select(func.min(LedgerEntry.transaction_date)).where(LedgerEntry.claim_id == claim.id)
    return db.session.scalar(days)


@dataclass(frozen=True)
class ClaimTotals:
    """How many claims there are, how many of them open or reopened, and their balances together."""

    claims: int = 0
    open_claims: int = 0
    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO

    @property
    def claim_cost(self) -> Decimal:
        """Paid and outstanding together: incurred."""
        return self.paid + self.outstanding


def claim_totals(policy: Policy | None = None) -> ClaimTotals:
    """Return the totals of all claims, or of one policy's."""
    sums = select(
        func.count(),
        func.count().filter(Claim.status.in_(OPEN_STATUSES)),
        func.sum(Claim.paid),
        func.sum(Claim.outstanding),
        func.sum(Claim.recovered),
    )
    if policy is not None:
        sums = sums.where(Claim.policy_id == policy.id)
    count, live, paid, outstanding, recovered = db.session.execute(sums).one()
    return ClaimTotals(count, live, paid or ZERO, outstanding or ZERO, recovered or ZERO)


def book_size() -> tuple[int, int]:
    """Return how many claims and how many ledger entries there are."""
    counts = (select(func.count()).select_from(table) for table in (Claim, LedgerEntry))
    found = db.session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return found[0], found[1]


def watermark_select() -> Select[Any]:
    """Select the highest id of ledger, claims, policies and both revisions; 0 for none."""
    tables = (LedgerEntry, Claim, Policy, ClaimRevision, PolicyRevision)
    highest = {t.__tablename__: select(func.coalesce(func.max(t.id), 0)) for t in tables}
    return select(*(h.scalar_subquery().label(name) for name, h in highest.items()))


def watermark() -> tuple[int, ...]:
    """Return the highest id of ledger, claims, policies and both revisions: how far the book is."""
    return tuple(db.session.execute(watermark_select()).one())


def uncovered_claim_ids(policy: Policy) -> set[int]:
    """Return the ids of a policy's claims with money on them whose loss it does not cover."""
    uncovered = (
        select(Claim.id)
        .join(Claim.policy)
        .where(Claim.policy_id == policy.id, current_coverage() == Coverage.NOT_IN_FORCE)
        .where((Claim.paid > ZERO) | (Claim.outstanding > ZERO))
    )
    return set(db.session.scalars(uncovered))
