"""What is in the book, in a few figures."""

from dataclasses import dataclass
from decimal import Decimal

from flask import current_app

from flaskr.claims.queries import ClaimTotals, claim_totals, watermark
from flaskr.policies.queries import policy_totals


@dataclass(frozen=True)
class BookFigures:
    """The book in figures, amounts in its currency."""

    policies: int
    premium: Decimal
    claims: ClaimTotals


def book_in_figures() -> BookFigures:
    """Return the figures of the whole book; added up anew only when the book has moved."""
    mark = watermark()
    kept = current_app.extensions.get("book_figures")
    if kept is None or kept[0] != mark:
        figures = BookFigures(*policy_totals(), claim_totals())
        kept = current_app.extensions["book_figures"] = (mark, figures)
    return kept[1]
