"""The totals of the whole book."""

from dataclasses import dataclass
from decimal import Decimal

from flask import current_app

from flaskr.book.sealing.queries import watermark
from flaskr.claims.queries import ClaimTotals, claim_totals
from flaskr.claims.row_queries import claim_rows, totals_of
from flaskr.policies.queries import policy_totals, policy_totals_as_at
from flaskr.values.as_at import Valuation


@dataclass(frozen=True)
class BookFigures:
    """The totals of the book, amounts in its currency."""

    policies: int
    premium: Decimal
    claims: ClaimTotals


def book_figures() -> BookFigures:
    """Return the totals of the book, cached until its watermark changes."""
    mark = watermark()
    cached = current_app.extensions.get("book_figures")
    if cached is None or cached[0] != mark:
        figures = BookFigures(*policy_totals(), claim_totals())
        cached = current_app.extensions["book_figures"] = (mark, figures)
    return cached[1]


def figures_as_at(valuation: Valuation) -> BookFigures:
    """Return the totals of the book as at a date."""
    claims = totals_of(claim_rows(valuation, with_policy=False))
    return BookFigures(*policy_totals_as_at(valuation), claims)
