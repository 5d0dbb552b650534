"""Where the pages of claims hang, and how an address finds its claim."""

from flask import Blueprint, abort

from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference

blueprint = Blueprint("claims", __name__, url_prefix="/claims")


def claim_or_404(reference: str) -> Claim:
    """Return the claim of an address."""
    return claim_by_reference(reference) or abort(404, f"There is no claim {reference}.")
