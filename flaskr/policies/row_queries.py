"""Policies as rows for lists and files: the same columns now and as at a cut."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from flaskr.calendar import day_end
from flaskr.cuts import Basis, Cut, facts_in_cut, join_picked, revision_in_cut
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision


def policy_rows(cut: Cut | None = None, for_page: bool = False) -> Select[Any]:
    """Select the policies of a cut, or as they are now, one row each, in no order.

    Columns: policy_id, policy_number, policyholder, then the facts (line_of_business,
    inception_date, expiry_date, premium, deductible, sum_insured, cancelled_on). Known: from the
    local day of recording, with the facts as known then; booked: from the inception, with today's.
    `for_page` gives the same rows by a way that is quicker for a few of them.
    """
    rows = with_facts(cut, for_page)
    if cut is None:
        return rows
    if cut.basis is Basis.KNOWN:
        return rows.where(Policy.recorded_at < day_end(cut.day))
    return rows.where(Policy.inception_date <= cut.day)


def policy_facts(cut: Cut | None = None) -> Select[Any]:
    """Select every policy by id, with the facts of the cut: a claim of it may name any of them."""
    return with_facts(cut, for_page=False).order_by(Policy.id)


def with_facts(cut: Cut | None, for_page: bool) -> Select[Any]:
    """Select all policies with the facts as a cut knew them."""
    facts = {name: getattr(Policy, name) for name in POLICY_FACTS}
    source: Any = Policy.__table__
    if cut and cut.basis is Basis.KNOWN:
        edited = revision_in_cut(cut.day, PolicyRevision, "policy_id")
        source = join_picked(source, Policy, edited, for_page)
        facts = facts_in_cut(Policy, PolicyRevision, POLICY_FACTS)
    return select(
        Policy.id.label("policy_id"),
        Policy.policy_number,
        Policy.policyholder,
        *(column.label(name) for name, column in facts.items()),
    ).select_from(source)


def in_force(facts: Any, day: date) -> ColumnElement[bool]:
    """Return the condition that the cover of policies, by these columns, includes the day."""
    cancelled_on = facts["cancelled_on"]
    not_cancelled = cancelled_on.is_(None) | (cancelled_on > day)
    return (facts["inception_date"] <= day) & (facts["expiry_date"] > day) & not_cancelled
