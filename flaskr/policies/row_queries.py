"""Policies as rows of lists and files: the same columns now and as at a date."""

from typing import Any

from sqlalchemy import Select, select

from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision
from flaskr.values.as_at import Basis, Valuation, facts_as_at, join_history, revision_lookup
from flaskr.values.calendar import day_end


def with_policy_facts(source: Any, valuation: Valuation | None) -> tuple[Any, dict[str, Any]]:
    """Return `source`, which has policies, joined to what the facts need, and the facts' columns.

    The facts are today's, but as at a date on the known basis those that were known then.
    """
    if valuation is None or valuation.basis is Basis.BOOKED:
        return source, {name: getattr(Policy, name) for name in POLICY_FACTS}
    edited = revision_lookup(valuation.day, Policy, PolicyRevision, "policy_id")
    source, revision = join_history(source, edited)
    return source, facts_as_at(Policy, revision, POLICY_FACTS)


def policy_facts(valuation: Valuation | None = None) -> Select[Any]:
    """Select every policy with its facts as at a date, or today's, by id.

    Columns: policy_id, policy_number, then the facts (line_of_business, inception_date,
    expiry_date, premium, deductible, sum_insured, cancelled_on). Policies that do not count yet at
    the date are included, for a claim that does may be on a policy with a later inception.
    """
    source, facts = with_policy_facts(Policy.__table__, valuation)
    return (
        select(
            Policy.id.label("policy_id"),
            Policy.policy_number,
            *(column.label(name) for name, column in facts.items()),
        )
        .select_from(source)
        .order_by(Policy.id)
    )


def policy_rows(valuation: Valuation | None = None) -> Select[Any]:
    """Select the policies as at a date, or as they are now, one row each, in no order.

    Columns: those of `policy_facts`, and policyholder. On the known basis a policy counts from the
    local day of its recording, with the facts as known then; on the booked basis from its
    inception, with today's facts.
    """
    rows = policy_facts(valuation).order_by(None).add_columns(Policy.policyholder)
    if valuation is None:
        return rows
    if valuation.basis is Basis.KNOWN:
        return rows.where(Policy.recorded_at < day_end(valuation.day))
    return rows.where(Policy.inception_date <= valuation.day)
