"""Policies as rows for lists and files: the same columns now and as at a cut."""

from typing import Any

from sqlalchemy import Select, select

from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision
from flaskr.values.as_at import Basis, Valuation, facts_as_at, join_history, revision_lookup
from flaskr.values.calendar import day_end


def with_policy_facts(source: Any, valuation: Valuation | None) -> tuple[Any, dict[str, Any]]:
    """Return a source that has policies with what their facts take, and the columns of the facts.

    They are today's, but in a cut by the clock of what was known: those known then.
    """
    if valuation is None or valuation.basis is Basis.BOOKED:
        return source, {name: getattr(Policy, name) for name in POLICY_FACTS}
    edited = revision_lookup(valuation.day, Policy, PolicyRevision, "policy_id")
    source, revision = join_history(source, edited)
    return source, facts_as_at(Policy, revision, POLICY_FACTS)


def policy_facts(valuation: Valuation | None = None) -> Select[Any]:
    """Select every policy with the facts that a cut takes, or today's, by id.

    Columns: policy_id, policy_number, then the facts (line_of_business, inception_date,
    expiry_date, premium, deductible, sum_insured, cancelled_on). Policies that are not in the cut
    are among them, for a claim of the cut may name one whose inception is later.
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
    """Select the policies of a cut, or as they are now, one row each, in no order.

    Columns: those of `policy_facts`, and policyholder. Known: from the local day of recording, with
    the facts as known then; booked: from the inception, with today's.
    """
    rows = policy_facts(valuation).order_by(None).add_columns(Policy.policyholder)
    if valuation is None:
        return rows
    if valuation.basis is Basis.KNOWN:
        return rows.where(Policy.recorded_at < day_end(valuation.day))
    return rows.where(Policy.inception_date <= valuation.day)
