"""Claims as rows of lists and files: the same columns now and as at a date."""

from typing import Any

from sqlalchemy import BigInteger, Select, cast, func, literal_column, select, type_coerce, union

from flaskr.claims.as_at_queries import (
    claims_as_at,
    is_entry_included,
    with_claim_facts,
    with_policy_columns,
)
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import OPEN_STATUSES
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.claims.queries import ClaimTotals
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType
from flaskr.policies.models import Policy
from flaskr.values.as_at import Basis, Valuation
from flaskr.values.column_types import MoneyType
from flaskr.values.money import ZERO
from flaskr.web.paging import Listing


def claim_rows(valuation: Valuation | None = None, *, with_policy: bool = True) -> Select[Any]:
    """Select the claims as at a date, or as they are now, one row each, in no order.

    Columns: those of `claims_as_at`, and claim_cost (paid plus outstanding). `with_policy=False`
    leaves out the policy's columns and coverage: the join makes SQLite several times slower, even
    when its columns are not used.
    """
    rows = (
        claims_as_at(valuation.day, valuation.basis, with_policy=False)
        if valuation
        else _claims_now()
    )
    cost = rows.selected_columns["paid"] + rows.selected_columns["outstanding"]
    rows = rows.add_columns(cost.label("claim_cost"))
    return with_policy_columns(rows, valuation) if with_policy else rows


def _claims_now() -> Select[Any]:
    """Select the columns of `claims_as_at` without policies, as the claims are now."""
    return select(
        Claim.id.label("claim_id"),
        Claim.claim_reference,
        *(getattr(Claim, name) for name in CLAIM_FACTS),
        Claim.status,
        Claim.paid,
        Claim.outstanding,
        Claim.recovered,
        Claim.closed_date,
        Claim.description,
    )


def claim_facts(valuation: Valuation | None = None) -> Select[Any]:
    """Select every claim with its facts as at a date, or today's, by id.

    Columns: claim_id, claim_reference, then the facts (policy_id, cause, loss_date, reported_date,
    event_code). Claims that do not count yet at the date are included.
    """
    source, facts = with_claim_facts(Claim.__table__, valuation)
    return (
        select(
            Claim.id.label("claim_id"),
            Claim.claim_reference,
            *(column.label(name) for name, column in facts.items()),
        )
        .select_from(source)
        .order_by(Claim.id)
    )


def with_balances_by_type(rows: Select[Any], valuation: Valuation | None) -> Select[Any]:
    """Return a select of claims with their amounts by cost type: paid_indemnity, paid_expense...

    Expenses are the sums of such entries, by an index of their own; indemnity is the rest.
    """
    expense = _expenses(valuation).subquery()
    joined: Select[Any] = rows.select_from(Claim) if valuation is None else rows
    joined = joined.outerjoin(expense, expense.c.claim_id == Claim.id)
    for name in (*BALANCES, "claim_cost"):
        of_expense = type_coerce(func.coalesce(expense.c[name], literal_column("0")), MoneyType())
        joined = joined.add_columns(
            (rows.selected_columns[name] - of_expense).label(f"{name}_{CostType.INDEMNITY}"),
            of_expense.label(f"{name}_{CostType.EXPENSE}"),
        )
    return joined


def _expenses(valuation: Valuation | None) -> Select[Any]:
    """Select the sums of the expense entries of each claim that has any, as at a date."""
    amounts = {name: getattr(LedgerEntry, name) for name in BALANCES}
    amounts["claim_cost"] = LedgerEntry.paid + LedgerEntry.outstanding
    sums = [cast(func.sum(amount), BigInteger).label(name) for name, amount in amounts.items()]
    columns: list[Any] = [LedgerEntry.claim_id, *sums]
    of_expense = select(*columns).where(LedgerEntry.cost_type == literal_column("'expense'"))
    if valuation:
        of_expense = of_expense.where(is_entry_included(valuation.day, valuation.basis))
    return of_expense.group_by(LedgerEntry.claim_id)


def claims_of_policy(policy: Policy, valuation: Valuation | None = None) -> Listing:
    """Return the claims of one policy as at a date, or as they are now, for paging."""
    rows = claim_rows(valuation)
    selected = rows.where(rows.selected_columns["policy_id"] == policy.id)
    if valuation and valuation.basis is Basis.KNOWN:  # by indexes: the column above has none
        now = select(Claim.id).where(Claim.policy_id == policy.id)
        edited = select(ClaimRevision.claim_id).where(ClaimRevision.policy_id == policy.id)
        selected = selected.where(Claim.id.in_(union(now, edited)))
    return Listing(selected, rows, Claim, "claim_reference")


def latest_claims(number: int, valuation: Valuation | None = None) -> list[Any]:
    """Return the most recently recorded claims as at a date, or as they are now, newest first."""
    latest = claim_rows(valuation).order_by(Claim.id.desc()).limit(number)
    return list(db.session.execute(latest))


def totals_of(claims: Select[Any]) -> ClaimTotals:
    """Return the totals of claims that a select of this module has."""
    rows = claims.selected_columns
    sums = claims.with_only_columns(  # not from a subquery: what it joins in vain would be joined
        func.count(),
        func.count().filter(rows["status"].in_(OPEN_STATUSES)),
        *(func.sum(rows[name]) for name in BALANCES),
    )
    count, open_claims, *balances = db.session.execute(sums).one()
    amounts = {name: sum_ or ZERO for name, sum_ in zip(BALANCES, balances, strict=True)}
    return ClaimTotals(claims=count, open_claims=open_claims, **amounts)
