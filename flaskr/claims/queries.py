"""Queries of claims as they are now; `as_at_queries` has those as at a date."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from flaskr.claims.as_at_queries import current_coverage, is_entry_included
from flaskr.claims.ledger.balances import BALANCES, Balances, BalancesByType
from flaskr.claims.ledger.rules import OPEN_STATUSES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.database.transactions import locked_row
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, Coverage
from flaskr.policies.models import Policy
from flaskr.values.as_at import Valuation
from flaskr.values.money import ZERO
from flaskr.values.text import lookup_key


def claim_by_reference(reference: str) -> Claim | None:
    """Return the claim with this reference, whatever its case, and its policy; or None."""
    return db.session.scalar(
        select(Claim)
        .filter_by(claim_reference_key=lookup_key(reference))
        .options(joinedload(Claim.policy))
    )


def has_event(code: str) -> bool:
    """Whether a claim has this event code."""
    found = select(Claim.id).where(Claim.event_code == code).limit(1)
    return db.session.scalar(found) is not None


def locked_claim(claim_id: int) -> Claim:
    """Return a claim with its policy, read anew and locked until the transaction ends."""
    return with_current_policy(locked_row(select(Claim).where(Claim.id == claim_id)))


def with_current_policy(claim: Claim) -> Claim:
    """Return the claim with its policy read anew, so that coverage is based on current facts.

    The policy is share-locked: an edit of it and this transaction wait for each other.
    """
    set_committed_value(claim, "policy", share_locked_policy(claim.policy_id))
    return claim


def share_locked_policy(policy_id: int | None) -> Policy | None:
    """Return a policy, read anew and locked against edits, but not against other share locks."""
    if policy_id is None:
        return None
    for_share = {"read": True}
    return db.session.get(Policy, policy_id, populate_existing=True, with_for_update=for_share)


def entries_of(claim: Claim) -> list[LedgerEntry]:
    """Return a claim's ledger entries with their texts, in the order of recording."""
    of_claim = select(LedgerEntry).where(LedgerEntry.claim_id == claim.id)
    with_texts = of_claim.options(joinedload(LedgerEntry.texts))
    return list(db.session.scalars(with_texts.order_by(LedgerEntry.id)))


def entry_numbers(claim: Claim) -> dict[int, int]:
    """Return the number of each of a claim's entries by its id: from 1, as they were recorded."""
    ids = select(LedgerEntry.id).where(LedgerEntry.claim_id == claim.id).order_by(LedgerEntry.id)
    return {entry_id: number for number, entry_id in enumerate(db.session.scalars(ids), start=1)}


def last_entry(claim: Claim) -> LedgerEntry | None:
    """Return the entry of a claim that was recorded last, or None."""
    of_claim = select(LedgerEntry).where(LedgerEntry.claim_id == claim.id)
    # Uses the index on (claim_id, recorded_at): instants never go backwards within a claim.
    newest_first = of_claim.order_by(LedgerEntry.recorded_at.desc(), LedgerEntry.id.desc())
    return db.session.scalar(newest_first.limit(1))


def first_transaction_date(claim: Claim) -> date | None:
    """Return the least transaction date of a claim's entries, or None."""
    days = select(func.min(LedgerEntry.transaction_date)).where(LedgerEntry.claim_id == claim.id)
    return db.session.scalar(days)


def last_transaction_date(claim: Claim) -> date | None:
    """Return the greatest transaction date of a claim's entries, or None."""
    days = select(func.max(LedgerEntry.transaction_date)).where(LedgerEntry.claim_id == claim.id)
    return db.session.scalar(days)


def balances_by_type(
    claim_id: int, total: Balances, valuation: Valuation | None = None
) -> BalancesByType:
    """Return the balances of each cost type of a claim, whose balances in all are `total`.

    Only expenses are added up, by an index of their own: most entries are indemnity.
    """
    sums = select(*(func.sum(getattr(LedgerEntry, name)) for name in BALANCES))
    of_expense = sums.where(
        LedgerEntry.claim_id == claim_id, LedgerEntry.cost_type == literal_column("'expense'")
    )
    if valuation:
        of_expense = of_expense.where(is_entry_included(valuation.day, valuation.basis))
    expense = Balances(*(amount or ZERO for amount in db.session.execute(of_expense).one()))
    indemnity = Balances(*(getattr(total, n) - getattr(expense, n) for n in BALANCES))
    return {CostType.INDEMNITY: indemnity, CostType.EXPENSE: expense}


@dataclass(frozen=True)
class ClaimTotals(Balances):
    """The number of claims, how many of them are open or reopened, and the sums of balances."""

    claims: int = 0
    open_claims: int = 0


def claim_totals(policy: Policy | None = None) -> ClaimTotals:
    """Return the totals of all claims, or of the claims of one policy."""
    sums = select(
        func.count(),
        func.count().filter(Claim.status.in_(OPEN_STATUSES)),
        *(func.sum(getattr(Claim, name)) for name in BALANCES),
    )
    if policy is not None:
        sums = sums.where(Claim.policy_id == policy.id)
    count, open_count, paid, outstanding, recovered = db.session.execute(sums).one()
    return ClaimTotals(
        claims=count,
        open_claims=open_count,
        paid=paid or ZERO,
        outstanding=outstanding or ZERO,
        recovered=recovered or ZERO,
    )


def book_size() -> tuple[int, int]:
    """Return the number of claims and the number of ledger entries."""
    counts = (select(func.count()).select_from(table) for table in (Claim, LedgerEntry))
    row = db.session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return row[0], row[1]


def uncovered_claim_ids(policy: Policy) -> set[int]:
    """Return the ids of the policy's claims with money whose loss it does not cover."""
    uncovered = (
        select(Claim.id)
        .join(Claim.policy)
        .where(Claim.policy_id == policy.id, current_coverage() == Coverage.NOT_IN_FORCE)
        .where((Claim.paid > ZERO) | (Claim.outstanding > ZERO))
    )
    return set(db.session.scalars(uncovered))
