"""The blueprint of the claims pages, and the lookup of the claim in a URL."""

from flask import Blueprint, abort

from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference
from flaskr.web.shown_names import show_about

blueprint = Blueprint("claims", __name__, url_prefix="/claims")


def claim_or_404(reference: str) -> Claim:
    """Return the claim with this reference, or abort with 404."""
    claim = claim_by_reference(reference) or abort(404, f"There is no claim {reference}.")
    show_about(claim.claim_reference)
    return claim
