"""The book as at a day, on either clock: what was known by then, or what belongs until then."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, type_coerce

from flaskr.claims.ledger.rules import BALANCES
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.lists import Coverage, Status
from flaskr.policies.cover import in_force
from flaskr.policies.models import POLICY_FACTS, Policy
from flaskr.policies.row_queries import with_policy_facts
from flaskr.values.as_at import (
    Basis,
    HistoryLookup,
    Valuation,
    facts_as_at,
    join_history,
    revision_lookup,
)
from flaskr.values.calendar import day_end
from flaskr.values.column_types import MoneyType, closed_list
from flaskr.values.money import ZERO


def entry_counts(day: date, basis: Basis, entry: Any = LedgerEntry) -> ColumnElement[bool]:
    """Return the condition that a ledger entry counts at the end of `day`."""
    if basis is Basis.KNOWN:
        return entry.recorded_at < day_end(day)
    return entry.transaction_date <= day


def claim_counts(day: date, basis: Basis) -> ColumnElement[bool]:
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
    return case(
        (Claim.reported_date.is_not(None), Claim.reported_date <= day),
        (Claim.last_transaction_date.is_(None), recorded),
        else_=first_day <= day,
    )


def _coverage_of(policy_id: Any, loss_date: Any, policy: dict[str, Any]) -> ColumnElement[Any]:
    """Return SQL for a claim's coverage by the facts of an as-at date."""
    answer = case(
        (policy_id.is_(None) | loss_date.is_(None), Coverage.UNVERIFIED.value),
        (in_force(policy, loss_date), Coverage.IN_FORCE.value),
        else_=Coverage.NOT_IN_FORCE.value,
    )
    return type_coerce(answer, closed_list(Coverage))


def coverage_now() -> ColumnElement[Any]:
    """Return SQL for a claim's coverage by today's facts, in a select that joins the policy."""
    facts = {name: getattr(Policy, name) for name in POLICY_FACTS}
    return _coverage_of(Claim.policy_id, Claim.loss_date, facts)


def _moved_after(day: date, basis: Basis) -> ColumnElement[bool]:
    """Return the condition that a claim has an entry after the end of `day`."""
    if basis is Basis.KNOWN:
        return Claim.last_recorded_at >= day_end(day)
    return Claim.last_transaction_date > day


def _last_entry_as_at(day: date, basis: Basis) -> HistoryLookup:
    """Seek the last entry in the cut of a claim that has moved since."""
    clock = "recorded_at" if basis is Basis.KNOWN else "transaction_date"
    return HistoryLookup(
        row=Claim,
        history=LedgerEntry,
        foreign_key="claim_id",
        has_changed=_moved_after(day, basis),
        matches=lambda entry: entry_counts(day, basis, entry),
        order=lambda entry: (getattr(entry, clock).desc(), entry.id.desc()),
    )


def _state_as_at(last: Any, moved: ColumnElement[bool]) -> dict[str, Any]:
    """Return the columns of the state at a cut: the sought entry's, else the claim's own."""
    none_yet = {
        "status": literal(Status.OPEN, closed_list(Status)),
        **dict.fromkeys(BALANCES, literal(ZERO, MoneyType())),
    }
    state = {
        name: case(
            (moved, func.coalesce(getattr(last, f"{name}_after"), nothing)),
            else_=getattr(Claim, name),
        )
        for name, nothing in none_yet.items()
    }
    closed_date = case((moved, last.closed_date_after), else_=Claim.closed_date)
    return {**state, "closed_date": closed_date}


def claims_as_at(day: date, basis: Basis, with_policy: bool = True) -> Select[Any]:
    """Select the claims of the cut at the end of `day`, one row each.

    Columns: claim_id, claim_reference, the facts (policy_id, cause, loss_date, reported_date),
    status, paid, outstanding, recovered, closed_date, description; `with_policy` also
    policy_number, line_of_business, coverage. Amounts are Decimal in the book's currency; a claim
    with no entries in the cut is open and shows zero. Entries of the day itself count, later ones
    do not: the state is that of the claim's last entry in the cut, for within a claim neither clock
    goes backwards; and of a claim that has not moved since, it is what the claim keeps.
    """
    source, last = join_history(Claim.__table__, _last_entry_as_at(day, basis))
    facts = {name: getattr(Claim, name) for name in CLAIM_FACTS}
    if basis is Basis.KNOWN:
        edited = revision_lookup(day, Claim, ClaimRevision, "claim_id")
        source, revision = join_history(source, edited)
        facts = facts_as_at(Claim, revision, CLAIM_FACTS)
    state = _state_as_at(last, _moved_after(day, basis))
    rows = select(
        Claim.id.label("claim_id"),
        Claim.claim_reference,
        *(column.label(name) for name, column in (facts | state).items()),
        Claim.description,
    ).where(claim_counts(day, basis))
    rows = rows.select_from(source)
    return with_their_policies(rows, Valuation(day, basis)) if with_policy else rows


def with_their_policies(rows: Select[Any], valuation: Valuation | None) -> Select[Any]:
    """Return a select of claims with the columns of their policies and the coverage in a cut."""
    claim = rows.selected_columns
    joined = rows.outerjoin(Policy, Policy.id == claim["policy_id"])
    joined, policy = with_policy_facts(joined, valuation)
    return joined.add_columns(
        Policy.policy_number,
        policy["line_of_business"].label("line_of_business"),
        _coverage_of(claim["policy_id"], claim["loss_date"], policy).label("coverage"),
    )


@dataclass(frozen=True)
class TotalsAsAt:
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


def totals_as_at(day: date, basis: Basis) -> TotalsAsAt:
    """Return the totals over the claims of a cut, with the number of entries in it."""
    valuation = claims_as_at(day, basis, with_policy=False).subquery()
    sums = select(
        func.count(),
        *(func.sum(valuation.c[name]) for name in BALANCES),
    )
    count, paid, outstanding, recovered = db.session.execute(sums).one()
    entries = select(func.count()).select_from(LedgerEntry).where(entry_counts(day, basis))
    return TotalsAsAt(
        count, db.session.scalar(entries) or 0, paid or ZERO, outstanding or ZERO, recovered or ZERO
    )


def movements_as_at(day: date, basis: Basis) -> Select[Any]:
    """Select (paid, outstanding, recovered, claim_cost), the deltas of each entry of a cut."""
    deltas: list[Any] = [
        LedgerEntry.paid,
        LedgerEntry.outstanding,
        LedgerEntry.recovered,
        (LedgerEntry.paid + LedgerEntry.outstanding).label("claim_cost"),
    ]
    return select(*deltas).where(entry_counts(day, basis))


def ledger_totals_as_at(day: date, basis: Basis) -> tuple[Decimal, Decimal, Decimal]:
    """Return (paid, outstanding, recovered) added up from the deltas of a cut's entries."""
    moved = movements_as_at(day, basis)
    names = ("paid", "outstanding", "recovered")
    sums: Any = [func.sum(moved.selected_columns[name]) for name in names]
    paid, outstanding, recovered = db.session.execute(moved.with_only_columns(*sums)).one()
    return paid or ZERO, outstanding or ZERO, recovered or ZERO
