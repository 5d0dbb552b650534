"""Queries of the declaration and the closings, and of what is booked at a day."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from flaskr.book.models import Closing, LiveDeclaration
from flaskr.claims.as_at_queries import totals_as_at
from flaskr.claims.ledger.balances import BALANCES
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.row_queries import policy_rows
from flaskr.values.as_at import Basis, Valuation
from flaskr.values.money import ZERO

CLOSING_FIGURES = ("policies", "premium", "claims", "entries", *BALANCES)


def live_declaration() -> LiveDeclaration | None:
    """Return the declaration that the book is live, or None."""
    return db.session.scalar(select(LiveDeclaration))


def all_closings() -> list[Closing]:
    """Return the closings, the last period first."""
    return list(db.session.scalars(select(Closing).order_by(Closing.closed_through.desc())))


def closing_through(day: date) -> Closing | None:
    """Return the closing whose last day is `day`, or None."""
    return db.session.scalar(select(Closing).where(Closing.closed_through == day))


def booked_figures(day: date) -> dict[str, Any]:
    """Return CLOSING_FIGURES as booked at the end of a day, as they are now."""
    rows = policy_rows(Valuation(day, Basis.BOOKED)).with_only_columns(
        func.count(), func.sum(Policy.premium)
    )
    policies, premium = db.session.execute(rows).one()
    totals = totals_as_at(day, Basis.BOOKED)
    figures = {name: getattr(totals, name) for name in ("claims", "entries", *BALANCES)}
    return {"policies": policies, "premium": premium or ZERO, **figures}
