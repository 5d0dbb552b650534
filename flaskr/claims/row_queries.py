"""Claims as rows for lists and files: the same columns now and as at a cut."""

from typing import Any

from sqlalchemy import Select, select

from flaskr.claims.as_at_queries import claims_as_at, with_policy_columns
from flaskr.claims.models import CLAIM_FACTS, Claim
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.values.as_at import Valuation
from flaskr.web.paging import Listing


def claim_rows(valuation: Valuation | None = None, *, with_policy: bool = True) -> Select[Any]:
    """Select the claims of a cut, or as they are now, one row each, in no order.

    Columns: those of `claims_as_at`, and claim_cost, paid and outstanding together.
    `with_policy=False` leaves out the policy's, and coverage: SQLite is several times slower even
    for a join whose columns nobody asks for.
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
    """Select what `claims_as_at` does without policies, from today's facts and kept balances."""
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
    """Return the claims of one policy as they are now, to be paged."""
    rows = claim_rows()
    return Listing(rows.where(Claim.policy_id == policy.id), rows, Claim, "claim_reference")


def latest_claims(number: int) -> list[Any]:
    """Return the claims recorded last, newest first."""
    return list(db.session.execute(claim_rows().order_by(Claim.id.desc()).limit(number)))
