"""Claims as rows of lists and files: the same columns now and as at a date."""

from typing import Any

from sqlalchemy import Select, select

from flaskr.claims.as_at_queries import claims_as_at, with_policy_columns
from flaskr.claims.models import CLAIM_FACTS, Claim
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.values.as_at import Valuation
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


def claims_of_policy(policy: Policy) -> Listing:
    """Return the claims of one policy as they are now, for paging."""
    rows = claim_rows()
    return Listing(rows.where(Claim.policy_id == policy.id), rows, Claim, "claim_reference")


def latest_claims(number: int) -> list[Any]:
    """Return the most recently recorded claims, newest first."""
    return list(db.session.execute(claim_rows().order_by(Claim.id.desc()).limit(number)))
