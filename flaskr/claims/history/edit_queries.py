"""Edits of claims and policies, with the facts before and after each."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import aliased

from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision


def claim_edit_rows() -> Select[Any]:
    """Select the edits of claims, `number` first, with before_<fact> and after_<fact>.

    After an edit a fact is as the claim's next revision has it, or as it is now. A policy is its
    number.
    """
    rows = _edit_rows(Claim, ClaimRevision, "claim_id", Claim.claim_reference, CLAIM_FACTS)
    return rows.add_columns(ClaimRevision.description_changed)


def policy_edit_rows() -> Select[Any]:
    """Select the edits of policies like those of claims."""
    rows = _edit_rows(Policy, PolicyRevision, "policy_id", Policy.policy_number, POLICY_FACTS)
    return rows.add_columns(PolicyRevision.policyholder_changed)


def _edit_rows(
    model: Any, revisions: Any, key: str, reference: Any, facts: tuple[str, ...]
) -> Select[Any]:
    """Select edits with the facts before and after each; every revision is one edit."""
    later, following = aliased(revisions), aliased(revisions)
    is_later = and_(getattr(later, key) == getattr(revisions, key), later.id > revisions.id)
    following_id = select(func.min(later.id)).where(is_later).scalar_subquery()
    columns: dict[str, Any] = {
        "number": revisions.id,
        "reference": reference,
        "recorded_at": revisions.replaced_at,
        "recorded_by": revisions.replaced_by,
        "import_id": revisions.import_id,
    }
    for name in facts:
        before = getattr(revisions, name)
        after = case(
            (following.id.is_not(None), getattr(following, name)), else_=getattr(model, name)
        )
        if name == "policy_id":
            name, before, after = "policy", _policy_number(before), _policy_number(after)
        columns |= {f"before_{name}": before, f"after_{name}": after}
    return (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(revisions)
        .join(model, getattr(revisions, key) == model.id)
        .outerjoin(following, following.id == following_id)
    )


def _policy_number(policy_id: ColumnElement[Any]) -> Any:
    """Return the number of the policy with an id, which would say nothing to a reader."""
    of_policy = select(Policy.policy_number).where(Policy.id == policy_id)
    return of_policy.correlate_except(Policy).scalar_subquery()
