"""What the book knows of policies."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select

from flaskr.database import locked
from flaskr.extensions import db
from flaskr.money import ZERO
from flaskr.policies.models import Policy
from flaskr.text import lookup_key


def policy_numbered(number: str) -> Policy | None:
    """Return the policy of that number, however its letters are cased."""
    return db.session.scalar(select(Policy).filter_by(policy_number_key=lookup_key(number)))


class PolicyStatus(StrEnum):
    """Where a policy stands on a day."""

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # with the day of it come


def policies(status: PolicyStatus | None = None, day: date | None = None) -> Select[Policy]:
    """Select the policies; with a status those that stand so on the day."""
    if status is None or day is None:
        return select(Policy)
    cancelled = Policy.cancelled_on.is_not(None) & (Policy.cancelled_on <= day)
    stands = {
        PolicyStatus.UPCOMING: (Policy.inception_date > day) & ~cancelled,
        PolicyStatus.IN_FORCE: is_in_force(day),
        PolicyStatus.EXPIRED: (Policy.expiry_date <= day) & ~cancelled,
        PolicyStatus.CANCELLED: cancelled,
    }
    return select(Policy).where(stands[status])


def locked_policy(policy_id: int) -> Policy:
    """Return a policy as it is now, locked until the transaction ends."""
    return locked(select(Policy).where(Policy.id == policy_id))


def policy_totals() -> tuple[int, Decimal]:
    """Return how many policies there are, and their premium together."""
    count, premium = db.session.execute(select(func.count(), func.sum(Policy.premium))).one()
    return count, premium or ZERO


def policies_in_force(day: date) -> Select[Policy]:
    """Select the policies whose cover includes the day."""
    return select(Policy).where(is_in_force(day))


def is_in_force(day: date) -> ColumnElement[bool]:
    """Return the condition that a policy's cover includes the day."""
    not_cancelled = Policy.cancelled_on.is_(None) | (Policy.cancelled_on > day)
    return (Policy.inception_date <= day) & (Policy.expiry_date > day) & not_cancelled
