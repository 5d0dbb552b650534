"""The page that creates one random claim."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from markupsafe import Markup

from flaskr.claims.models import Claim
from flaskr.database.modes import transaction_mode
from flaskr.demo.random_claim import record_random_claim, swedish_faker
from flaskr.extensions import db
from flaskr.users.gate.access import actor
from flaskr.users.gate.request_checks import refuse_other_sites

blueprint = Blueprint("demo", __name__)


def _is_prefetch() -> bool:
    """Whether a browser prefetches the address and nobody has visited it yet."""
    values = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    return any("prefetch" in value.lower() or "prerender" in value.lower() for value in values)


def _created_message(claim: Claim) -> Markup:
    """Return the message about the new claim, with a link to it."""
    address = url_for("claims.show", reference=claim.claim_reference)
    return Markup('Random claim created: <a class="alert-link" href="{}">{}</a>.').format(
        address, claim.claim_reference
    )


@blueprint.get("/generate_random_claim")
def generate_random_claim():
    """Create one random claim, and redirect to the claims, where it is the first.

    This is the only GET that writes, because people visit this address from a bookmark or by hand.
    A HEAD, a prefetch and a request from another site create nothing.
    """
    refuse_other_sites(is_strict=True)
    response = redirect(url_for("claims.index"), code=303)
    response.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        return response
    if _is_prefetch():
        abort(503, "This address creates a claim, so it cannot be prefetched. Open it instead.")
    db.session.remove()  # a hook may have begun a read transaction
    with transaction_mode("write"):
        claim = record_random_claim(swedish_faker(), actor=actor())
        message = _created_message(claim)
        db.session.commit()
    flash(message, "success")
    return response
