"""Edits of facts after a closing, of claims and policies that count in it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from flaskr.book.models import Closing
from flaskr.claims.as_at_queries import is_claim_included
from flaskr.claims.history.edit_queries import claim_edit_rows, policy_edit_rows
from flaskr.claims.models import Claim, ClaimRevision
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.as_at import Basis
from flaskr.values.calendar import day_end
from flaskr.web.ordering import SortOrder
from flaskr.web.paging import Listing, NumberedListing

_OLDEST_FIRST = SortOrder(is_descending=False)


def claim_edits(closing: Closing) -> Listing:
    """List the edits after a closing of claims that count in it, before one of the edits or now."""
    day = closing.closed_through

    def was_in(earlier: Any) -> ColumnElement[bool]:
        is_undated = and_(earlier.reported_date.is_(None), Claim.recorded_at < day_end(day))
        return or_(earlier.reported_date <= day, is_undated)

    is_in = or_(
        is_claim_included(day, Basis.BOOKED),
        _was_in(closing, ClaimRevision, "claim_id", was_in),
    )
    selected = (
        select(ClaimRevision.id)
        .join(Claim, ClaimRevision.claim_id == Claim.id)
        .where(ClaimRevision.replaced_at >= closing.recorded_at, is_in)
    )
    return NumberedListing(selected, claim_edit_rows(), ClaimRevision, "number", _OLDEST_FIRST)


def policy_edits(closing: Closing) -> Listing:
    """List the edits after a closing of policies that count in it, before one of them or now."""
    day = closing.closed_through
    was_in = _was_in(
        closing, PolicyRevision, "policy_id", lambda earlier: earlier.inception_date <= day
    )
    selected = (
        select(PolicyRevision.id)
        .join(Policy, PolicyRevision.policy_id == Policy.id)
        .where(
            PolicyRevision.replaced_at >= closing.recorded_at,
            or_(Policy.inception_date <= day, was_in),
        )
    )
    return NumberedListing(selected, policy_edit_rows(), PolicyRevision, "number", _OLDEST_FIRST)


def _was_in(
    closing: Closing, revisions: Any, key: str, is_in: Callable[[Any], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the condition that a row counted in a closing before one of its edits since."""
    earlier = aliased(revisions)
    return exists().where(
        getattr(earlier, key) == getattr(revisions, key),
        earlier.replaced_at >= closing.recorded_at,
        is_in(earlier),
    )
