"""The page that makes one claim up."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from markupsafe import Markup

from flaskr.claims.models import Claim
from flaskr.database import transaction_mode
from flaskr.demo.random_claim import record_random_claim, swedish_faker
from flaskr.extensions import db
from flaskr.users.gate.access import actor
from flaskr.users.gate.gate import refuse_other_sites

blueprint = Blueprint("demo", __name__)


def _is_fetched_ahead() -> bool:
    """Whether a browser asks only because somebody might visit the address later."""
    said = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    return any("prefetch" in value.lower() or "prerender" in value.lower() for value in said)


def _link_to(claim: Claim) -> Markup:
    """Return what is said of the new claim, with a link to it."""
    address = url_for("claims.show", reference=claim.claim_reference)
    return Markup('Random claim created: <a class="alert-link" href="{}">{}</a>.').format(
        address, claim.claim_reference
    )


@blueprint.get("/generate_random_claim")
def generate_random_claim():
    """Make one random claim and show it first among the claims.

    The one GET that writes, because people visit this address, from a bookmark or by hand. So what
    only looks (HEAD), looks ahead or comes from another site makes nothing.
    """
    refuse_other_sites(is_strict=True)
    answer = redirect(url_for("claims.index"), code=303)
    answer.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        return answer
    if _is_fetched_ahead():
        abort(503, "This address creates a claim, so it cannot be prefetched. Open it instead.")
    db.session.remove()  # should a hook have begun to read: what follows begins anew, and writes
    with transaction_mode("write"):
        claim = record_random_claim(swedish_faker(), actor=actor())
        message = _link_to(claim)
        db.session.commit()
    flash(message, "success")
    return answer
