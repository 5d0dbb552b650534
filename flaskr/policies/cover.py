"""When a policy covers a day: inception <= day < expiry, and before the day of a cancellation.

One rule in the four languages that ask it; a property test holds them to one another.
"""

from datetime import date
from typing import Any, Protocol

from sqlalchemy import ColumnElement


class _CoverPeriod(Protocol):
    """What the rule needs of a policy."""

    inception_date: Any
    expiry_date: Any
    cancelled_on: Any


def covers(policy: _CoverPeriod, day: date) -> bool:
    """Whether the cover includes a day."""
    is_live = policy.cancelled_on is None or day < policy.cancelled_on
    return bool(policy.inception_date <= day < policy.expiry_date and is_live)


def is_in_force(facts: Any, day: Any) -> ColumnElement[bool]:
    """Return the condition in SQL, by the columns of a policy's facts; `day` may be a column."""
    cancelled_on = facts["cancelled_on"]
    is_live = cancelled_on.is_(None) | (cancelled_on > day)
    return (facts["inception_date"] <= day) & (facts["expiry_date"] > day) & is_live


def covers_days(inception: Any, cover_end: Any, days: Any) -> Any:
    """Return the condition for NumPy arrays of day numbers.

    `cover_end` is the earlier of expiry and cancellation, and a missing cancellation is later than
    any day.
    """
    return (inception <= days) & (days < cover_end)


# The condition in DuckDB, where least() passes over a null; null without a loss date.
COVERS_LOSS = "(inception_date <= loss_date AND loss_date < least(expiry_date, cancelled_on))"
