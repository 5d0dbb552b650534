"""The book as at a day, on either clock: what was known by then, or what belongs until then."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, type_coerce

from flaskr.calendar import day_end
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, Coverage, LedgerEntry
from flaskr.claims.rules import Status
from flaskr.columns import MoneyType, closed_list
from flaskr.cuts import Basis, Pick, facts_in_cut, join_picked, revision_in_cut
from flaskr.extensions import db
from flaskr.money import ZERO
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision


def entries_in_cut(day: date, basis: Basis, entry: Any = LedgerEntry) -> ColumnElement[bool]:
    """Return the condition that a ledger entry counts at the end of `day`."""
    if basis is Basis.KNOWN:
        return entry.recorded_at < day_end(day)
    return entry.transaction_date <= day


def claims_in_cut(day: date, basis: Basis) -> ColumnElement[bool]:
    """Return the condition that a claim counts at the end of `day`.

    Known: from the local day it was recorded. Booked: from its reported date, without one from its
    first entry's, else from its recording.
    """
    recorded = Claim.recorded_at < day_end(day)
    if basis is Basis.KNOWN:
        return recorded
    first_day = (
        select(func.min(LedgerEntry.transaction_date))
        .where(LedgerEntry.claim_id == Claim.id)
        .correlate(Claim)
        .scalar_subquery()
    )
    from_entries = case((first_day.is_(None), recorded), else_=first_day <= day)
    return case((Claim.reported_date.is_(None), from_entries), else_=Claim.reported_date <= day)


def coverage_of(policy_id: Any, loss_date: Any, policy: dict[str, Any]) -> ColumnElement[Any]:
    """Return SQL for a claim's coverage by the facts of a cut."""
    cancelled_on = policy["cancelled_on"]
    covered = (
        (policy["inception_date"] <= loss_date)
        & (loss_date < policy["expiry_date"])
        & (cancelled_on.is_(None) | (loss_date < cancelled_on))
    )
    answer = case(
        (policy_id.is_(None) | loss_date.is_(None), Coverage.UNVERIFIED.value),
        (covered, Coverage.IN_FORCE.value),
        else_=Coverage.NOT_IN_FORCE.value,
    )
    return type_coerce(answer, closed_list(Coverage))


def coverage_now() -> ColumnElement[Any]:
    """Return SQL for a claim's coverage by today's facts, in a select that joins the policy."""
    facts = {name: getattr(Policy, name) for name in POLICY_FACTS}
    return coverage_of(Claim.policy_id, Claim.loss_date, facts)


def claims_as_at(day: date, basis: Basis, for_page: bool = False) -> Select[Any]:
    """Select the claims of the cut at the end of `day`, one row each.

    Columns: claim_id, claim_reference, the facts (policy_id, cause, loss_date, reported_date),
    policy_number, line_of_business, status, coverage, paid, outstanding, recovered, closed_date,
    description. Amounts are Decimal in the book's currency; a claim with no entries in the cut is
    open and shows zero. Entries of the day itself count, later ones do not: the state is that of
    the claim's last entry in the cut, for within a claim neither clock goes backwards. `for_page`
    gives the same rows by a way that is quicker for a few of them.
    """
    last = Pick(LedgerEntry, "claim_id", func.max, lambda entry: entries_in_cut(day, basis, entry))
    source = join_picked(Claim.__table__, Claim, last, for_page)
    claim = {name: getattr(Claim, name) for name in CLAIM_FACTS}
    policy = {name: getattr(Policy, name) for name in POLICY_FACTS}
    if basis is Basis.KNOWN:
        edited = revision_in_cut(day, ClaimRevision, "claim_id")
        source = join_picked(source, Claim, edited, for_page)
        claim = facts_in_cut(Claim, ClaimRevision, CLAIM_FACTS)
    source = source.outerjoin(Policy, Policy.id == claim["policy_id"])
    if basis is Basis.KNOWN:
        resold = revision_in_cut(day, PolicyRevision, "policy_id")
        source = join_picked(source, Policy, resold, for_page)
        policy = facts_in_cut(Policy, PolicyRevision, POLICY_FACTS)
    nothing, open_status = literal(ZERO, MoneyType()), literal(Status.OPEN, closed_list(Status))
    return (
        select(
            Claim.id.label("claim_id"),
            Claim.claim_reference,
            *(column.label(name) for name, column in claim.items()),
            Policy.policy_number,
            policy["line_of_business"].label("line_of_business"),
            func.coalesce(LedgerEntry.status_after, open_status).label("status"),
            coverage_of(claim["policy_id"], claim["loss_date"], policy).label("coverage"),
            func.coalesce(LedgerEntry.paid_after, nothing).label("paid"),
            func.coalesce(LedgerEntry.outstanding_after, nothing).label("outstanding"),
            func.coalesce(LedgerEntry.recovered_after, nothing).label("recovered"),
            LedgerEntry.closed_date_after.label("closed_date"),
            Claim.description,
        )
        .select_from(source)
        .where(claims_in_cut(day, basis))
    )


@dataclass(frozen=True)
class CutTotals:
    """What a cut adds up to, in the book's currency."""

    claims: int
    entries: int
    paid: Decimal
    outstanding: Decimal
    recovered: Decimal

    @property
    def claim_cost(self) -> Decimal:
        """Paid and outstanding together: incurred."""
        return self.paid + self.outstanding

    @property
    def net(self) -> Decimal:
        """Claim cost less what was recovered."""
        return self.claim_cost - self.recovered


def totals_as_at(day: date, basis: Basis) -> CutTotals:
    """Return the totals over the claims of a cut, with the number of entries in it."""
    cut = claims_as_at(day, basis).subquery()
    sums = select(
        func.count(), *(func.sum(cut.c[name]) for name in ("paid", "outstanding", "recovered"))
    )
    count, paid, outstanding, recovered = db.session.execute(sums).one()
    entries = select(func.count()).select_from(LedgerEntry).where(entries_in_cut(day, basis))
    return CutTotals(
        count, db.session.scalar(entries) or 0, paid or ZERO, outstanding or ZERO, recovered or ZERO
    )


def ledger_totals_as_at(day: date, basis: Basis) -> tuple[Decimal, Decimal, Decimal]:
    """Return (paid, outstanding, recovered) added up from the deltas of a cut's entries."""
    sums = select(
        func.sum(LedgerEntry.paid),
        func.sum(LedgerEntry.outstanding),
        func.sum(LedgerEntry.recovered),
    ).where(entries_in_cut(day, basis))
    paid, outstanding, recovered = db.session.execute(sums).one()
    return paid or ZERO, outstanding or ZERO, recovered or ZERO
