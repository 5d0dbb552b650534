"""Queries of second factors and recovery codes."""

from sqlalchemy import func, select

from flaskr.extensions import db
from flaskr.users.models import RecoveryCode, SecondFactor


def confirmed_factor(user_id: int) -> SecondFactor | None:
    """Return a user's second factor; None if it is missing or not confirmed yet."""
    factor = db.session.get(SecondFactor, user_id)
    return factor if factor and factor.confirmed_at else None


def recovery_codes_left(user_id: int) -> int:
    """Return how many recovery codes of a user are unused."""
    left = select(func.count()).where(RecoveryCode.user_id == user_id)
    return db.session.scalar(left) or 0
