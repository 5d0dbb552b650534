"""Queries of policies as they are now, and of one as at a date."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Select, func, select

from flaskr.database.transactions import locked_row
from flaskr.extensions import db
from flaskr.policies.cover import is_in_force
from flaskr.policies.models import Policy
from flaskr.policies.row_queries import policy_rows
from flaskr.values.as_at import Valuation, copy_as_at
from flaskr.values.money import ZERO
from flaskr.values.text import lookup_key


def policy_by_number(number: str) -> Policy | None:
    """Return the policy with this number, whatever its case, or None."""
    return db.session.scalar(select(Policy).filter_by(policy_number_key=lookup_key(number)))


def locked_policy(policy_id: int) -> Policy:
    """Return a policy, read anew and locked until the transaction ends."""
    return locked_row(select(Policy).where(Policy.id == policy_id))


def policy_totals() -> tuple[int, Decimal]:
    """Return the number of policies and the sum of their premiums."""
    count, premium = db.session.execute(select(func.count(), func.sum(Policy.premium))).one()
    return count, premium or ZERO


def policy_totals_as_at(valuation: Valuation) -> tuple[int, Decimal]:
    """Return the number of policies as at a date and the sum of their premiums."""
    rows = policy_rows(valuation).subquery()
    count, premium = db.session.execute(select(func.count(), func.sum(rows.c.premium))).one()
    return count, premium or ZERO


def policy_as_at(policy: Policy, valuation: Valuation) -> Policy | None:
    """Return a copy of a policy as at a date; None if the policy does not count yet.

    The copy is not in the session.
    """
    row = db.session.execute(policy_rows(valuation).where(Policy.id == policy.id)).one_or_none()
    return copy_as_at(policy, row) if row else None


def policies_in_force(day: date) -> Select[Policy]:
    """Select the policies that cover the day."""
    return select(Policy).where(is_in_force(Policy.__table__.columns, day))
