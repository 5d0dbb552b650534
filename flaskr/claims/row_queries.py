"""Claims as rows for lists and files: the same columns now and as at a cut."""

from typing import Any

from sqlalchemy import Select, select

from flaskr.claims.cut_queries import claims_as_at, coverage_now
from flaskr.claims.models import CLAIM_FACTS, Claim
from flaskr.cuts import Cut
from flaskr.extensions import db
from flaskr.paging import Listing
from flaskr.policies.models import Policy


def claim_rows(
    cut: Cut | None = None, *, for_page: bool = False, with_policy: bool = True
) -> Select[Any]:
    """Select the claims of a cut, or as they are now, one row each, in no order.

    Columns, to be taken by name: those of `claims_as_at`, and claim_cost, paid and outstanding
    together. `with_policy=False` may leave out the policy's, and coverage.
    """
    rows = claims_as_at(cut.day, cut.basis, for_page) if cut else claims_now(with_policy)
    cost = rows.selected_columns["paid"] + rows.selected_columns["outstanding"]
    return rows.add_columns(cost.label("claim_cost"))


def claims_now(with_policy: bool = True) -> Select[Any]:
    """Select what `claims_as_at` does from today's facts and the balances kept on the claims.

    Without the policy its columns are missing, and coverage: SQLite is several times slower even
    for a join whose columns nobody asks for.
    """
    own = select(
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
    if not with_policy:
        return own
    of_policy = (Policy.policy_number, Policy.line_of_business, coverage_now().label("coverage"))
    return own.add_columns(*of_policy).outerjoin(Policy, Policy.id == Claim.policy_id)


def claims_of_policy(policy: Policy) -> Listing:
    """Return the claims of one policy as they are now, to be paged."""
    rows = claim_rows()
    return Listing(rows.where(Claim.policy_id == policy.id), rows, Claim, "claim_reference")


def latest_claims(number: int) -> list[Any]:
    """Return the claims recorded last, newest first."""
    return list(db.session.execute(claim_rows().order_by(Claim.id.desc()).limit(number)))
