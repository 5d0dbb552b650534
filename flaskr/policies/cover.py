"""When a policy covers a day: inception <= day < expiry, and day < cancellation if any.

The same rule in Python, SQL, NumPy and DuckDB; a property test compares them.
"""

from datetime import date
from typing import Any, Protocol

from sqlalchemy import ColumnElement


class _CoverPeriod(Protocol):
    """The columns of a policy that the rule uses."""

    inception_date: Any
    expiry_date: Any
    cancelled_on: Any


def covers(policy: _CoverPeriod, day: date) -> bool:
    """Whether the policy covers a day."""
    is_not_cancelled = policy.cancelled_on is None or day < policy.cancelled_on
    return bool(policy.inception_date <= day < policy.expiry_date and is_not_cancelled)


def is_in_force(facts: Any, day: Any) -> ColumnElement[bool]:
    """Return the rule as an SQL condition on a policy's columns; `day` may be a column too."""
    cancelled_on = facts["cancelled_on"]
    is_not_cancelled = cancelled_on.is_(None) | (cancelled_on > day)
    return (facts["inception_date"] <= day) & (facts["expiry_date"] > day) & is_not_cancelled


def covers_days(inception: Any, cover_end: Any, days: Any) -> Any:
    """Return the rule for NumPy arrays of day numbers, as an array of booleans.

    `cover_end` is the earlier of expiry and cancellation; a missing cancellation must be given as
    a number later than any day.
    """
    return (inception <= days) & (days < cover_end)


# The rule in DuckDB, whose least() ignores nulls. The result is null without a loss date.
COVERS_LOSS = "(inception_date <= loss_date AND loss_date < least(expiry_date, cancelled_on))"
