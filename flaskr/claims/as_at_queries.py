"""Claims and ledger as at a date, on the known or the booked basis."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, type_coerce

from flaskr.claims.ledger.balances import BALANCES, Balances
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, Coverage, Status
from flaskr.policies.cover import is_in_force
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

_STATE = (*BALANCES, "status", "closed_date")


def is_entry_included(day: date, basis: Basis, entry: Any = LedgerEntry) -> ColumnElement[bool]:
    """Return the condition that a ledger entry counts at the end of `day`.

    Known: recorded by then. Booked: with a transaction date up to and including the day.
    """
    if basis is Basis.KNOWN:
        return entry.recorded_at < day_end(day)
    return entry.transaction_date <= day


def is_claim_included(day: date, basis: Basis) -> ColumnElement[bool]:
    """Return the condition that a claim counts at the end of `day`.

    Known: from the local day of its recording. Booked: from its reported date or the date of its
    first entry, whichever is earlier; without both from its recording.
    """
    recorded = Claim.recorded_at < day_end(day)
    if basis is Basis.KNOWN:
        return recorded
    first, reported = Claim.first_transaction_date, Claim.reported_date
    return or_(reported <= day, first <= day, and_(reported.is_(None), first.is_(None), recorded))


def _coverage_case(policy_id: Any, loss_date: Any, policy: dict[str, Any]) -> ColumnElement[Any]:
    """Return the SQL of a claim's coverage, from its own facts and its policy's."""
    coverage = case(
        (policy_id.is_(None) | loss_date.is_(None), Coverage.UNVERIFIED.value),
        (is_in_force(policy, loss_date), Coverage.IN_FORCE.value),
        else_=Coverage.NOT_IN_FORCE.value,
    )
    return type_coerce(coverage, closed_list(Coverage))


def current_coverage() -> ColumnElement[Any]:
    """Return the SQL of a claim's coverage by today's facts, for a select that joins the policy."""
    facts = {name: getattr(Policy, name) for name in POLICY_FACTS}
    return _coverage_case(Claim.policy_id, Claim.loss_date, facts)


def _has_later_entry(day: date, basis: Basis) -> ColumnElement[bool]:
    """Return the condition that a claim has an entry after the end of `day`."""
    if basis is Basis.KNOWN:
        return Claim.last_recorded_at >= day_end(day)
    return Claim.last_transaction_date > day


def _last_entry_as_at(day: date, basis: Basis) -> HistoryLookup:
    """Seek the last entry that counts, of a claim that has later entries too."""
    clock = "recorded_at" if basis is Basis.KNOWN else "transaction_date"
    return HistoryLookup(
        row=Claim,
        history=LedgerEntry,
        foreign_key="claim_id",
        has_changed=_has_later_entry(day, basis),
        matches=lambda entry: is_entry_included(day, basis, entry),
        order=lambda entry: (getattr(entry, clock).desc(), entry.id.desc()),
    )


def entry_state(entry: Any, basis: Basis) -> dict[str, Any]:
    """Return the columns of a claim's state after an entry, in the order of the basis.

    The two orders differ only where a migration brought entries whose days were not in the order
    of recording: there the state in the order of days stands beside the other.
    """
    after = {name: getattr(entry, f"{name}_after") for name in _STATE}
    if basis is Basis.KNOWN:
        return after
    is_apart = entry.status_booked.is_not(None)
    return {
        name: case((is_apart, getattr(entry, f"{name}_booked")), else_=column)
        for name, column in after.items()
    }


def _state_as_at(
    last: Any, has_later: ColumnElement[bool], basis: Basis
) -> dict[str, ColumnElement[Any]]:
    """Return the columns of a claim's state: that of the sought entry, else the claim's own."""
    without_entries = {
        "status": literal(Status.OPEN, closed_list(Status)),
        **dict.fromkeys(BALANCES, literal(ZERO, MoneyType())),
    }
    sought = entry_state(last, basis)
    state = {
        name: case((has_later, func.coalesce(sought[name], initial)), else_=getattr(Claim, name))
        for name, initial in without_entries.items()
    }
    closed_date = case((has_later, sought["closed_date"]), else_=Claim.closed_date)
    return {**state, "closed_date": closed_date}


def claims_as_at(day: date, basis: Basis, with_policy: bool = True) -> Select[Any]:
    """Select the claims as at the end of `day`, one row each.

    Columns: claim_id, claim_reference, the facts (policy_id, cause, loss_date, reported_date),
    status, paid, outstanding, recovered, closed_date, description; `with_policy` also
    policy_number, line_of_business, coverage. Amounts are Decimal in the book's currency; a claim
    without entries by then is open and has zero balances. Entries of the day itself count, later
    ones do not. The state is that of the last entry that counts: by (recorded_at, id) if known, by
    (transaction_date, id) if booked. A claim without later entries has that state in its own
    columns.
    """
    source, last = join_history(Claim.__table__, _last_entry_as_at(day, basis))
    source, facts = with_claim_facts(source, Valuation(day, basis))
    state = _state_as_at(last, _has_later_entry(day, basis), basis)
    rows = select(
        Claim.id.label("claim_id"),
        Claim.claim_reference,
        *(column.label(name) for name, column in (facts | state).items()),
        Claim.description,
    ).where(is_claim_included(day, basis))
    rows = rows.select_from(source)
    return with_policy_columns(rows, Valuation(day, basis)) if with_policy else rows


def with_claim_facts(source: Any, valuation: Valuation | None) -> tuple[Any, dict[str, Any]]:
    """Return `source`, which has claims, joined to what the facts need, and the facts' columns.

    The facts are today's, but as at a date on the known basis those that were known then.
    """
    if valuation is None or valuation.basis is Basis.BOOKED:
        return source, {name: getattr(Claim, name) for name in CLAIM_FACTS}
    edited = revision_lookup(valuation.day, Claim, ClaimRevision, "claim_id")
    source, revision = join_history(source, edited)
    return source, facts_as_at(Claim, revision, CLAIM_FACTS)


def with_policy_columns(rows: Select[Any], valuation: Valuation | None) -> Select[Any]:
    """Return a select of claims with the columns of their policies, and their coverage."""
    claim = rows.selected_columns
    joined = rows.outerjoin(Policy, Policy.id == claim["policy_id"])
    joined, policy = with_policy_facts(joined, valuation)
    return joined.add_columns(
        Policy.policy_number,
        policy["line_of_business"].label("line_of_business"),
        _coverage_case(claim["policy_id"], claim["loss_date"], policy).label("coverage"),
    )


@dataclass(frozen=True)
class TotalsAsAt(Balances):
    """The totals of the claims as at a date, in the book's currency."""

    claims: int = 0
    entries: int = 0


def totals_as_at(day: date, basis: Basis) -> TotalsAsAt:
    """Return the totals of the claims as at a date, and the number of entries that count."""
    claims = claims_as_at(day, basis, with_policy=False).subquery()
    sums = select(func.count(), *(func.sum(claims.c[name]) for name in BALANCES))
    count, paid, outstanding, recovered = db.session.execute(sums).one()
    entries = select(func.count()).select_from(LedgerEntry).where(is_entry_included(day, basis))
    return TotalsAsAt(
        claims=count,
        entries=db.session.scalar(entries) or 0,
        paid=paid or ZERO,
        outstanding=outstanding or ZERO,
        recovered=recovered or ZERO,
    )


def movements_as_at(day: date, basis: Basis) -> Select[Any]:
    """Select the deltas of each entry that counts: paid, outstanding, recovered, claim_cost.

    Also each of them by cost type (paid_indemnity, paid_expense and so on), null for the other.
    """
    deltas: dict[str, Any] = {name: getattr(LedgerEntry, name) for name in BALANCES}
    deltas["claim_cost"] = LedgerEntry.paid + LedgerEntry.outstanding
    of_type = {
        f"{name}_{cost_type}": case((LedgerEntry.cost_type == cost_type, delta))
        for name, delta in deltas.items()
        for cost_type in CostType
    }
    columns = (column.label(name) for name, column in (deltas | of_type).items())
    return select(*columns).where(is_entry_included(day, basis))


def ledger_totals_as_at(day: date, basis: Basis) -> tuple[Decimal, Decimal, Decimal]:
    """Return (paid, outstanding, recovered): the sums of the deltas of the entries that count."""
    movements = movements_as_at(day, basis)
    sums: Any = [func.sum(movements.selected_columns[name]) for name in BALANCES]
    paid, outstanding, recovered = db.session.execute(movements.with_only_columns(*sums)).one()
    return paid or ZERO, outstanding or ZERO, recovered or ZERO
