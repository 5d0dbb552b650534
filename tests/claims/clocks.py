"""Helpers of the as-at tests: a fixed clock, edits, and the claims as at a date."""

from datetime import UTC, date, datetime

import time_machine

from flaskr.claims.as_at_queries import Basis, claims_as_at
from flaskr.claims.models import Claim
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.services import edit_policy
from tests.factories import ACTOR

KNOWN, BOOKED = Basis.KNOWN, Basis.BOOKED
JANUARY, FEBRUARY, MARCH = date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)


def at(instant: str):
    """Fix the clock at an instant, in UTC unless it has another offset."""
    moment = datetime.fromisoformat(instant)
    return time_machine.travel(moment if moment.tzinfo else moment.replace(tzinfo=UTC), tick=False)


def claims_by_reference(day: date, basis: Basis) -> dict[str, object]:
    return {row.claim_reference: row for row in db.session.execute(claims_as_at(day, basis))}


def edit(claim: Claim, **changes) -> Claim:
    version = claim.version
    return edit_claim(claim, changes, seen_version=version, actor=ACTOR, may_uncover=True)


def amend(policy: Policy, **changes) -> Policy:
    return edit_policy(policy, changes, seen_version=policy.version, actor=ACTOR)
