"""The front page, and the search for a number."""

from flask import Blueprint, abort, redirect, render_template, request, url_for

from flaskr.claims.queries import claim_by_reference
from flaskr.claims.row_queries import latest_claims
from flaskr.overview.queries import book_figures
from flaskr.policies.queries import policy_by_number

blueprint = Blueprint("overview", __name__)

_LATEST_CLAIMS = 8


@blueprint.get("/")
def index():
    """Show the book's totals and latest claims."""
    latest = latest_claims(_LATEST_CLAIMS)
    return render_template("overview/index.html", figures=book_figures(), latest=latest)


@blueprint.get("/find")
def find():
    """Redirect to the claim or policy with a number, in upper or lower case."""
    number = request.args.get("number", "").strip()
    if claim := claim_by_reference(number):
        return redirect(url_for("claims.show", reference=claim.claim_reference))
    if policy := policy_by_number(number):
        return redirect(url_for("policies.show", number=policy.policy_number))
    abort(404, f"There is no claim or policy “{number[:64]}”.")
