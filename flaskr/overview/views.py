"""The front page, and the search for a number."""

from flask import Blueprint, abort, redirect, render_template, request, url_for

from flaskr.claims.queries import claim_by_reference
from flaskr.claims.row_queries import latest_claims
from flaskr.overview.queries import book_figures, figures_as_at
from flaskr.policies.queries import policy_by_number
from flaskr.web.page_addresses import takes
from flaskr.web.parameters import AsAtParameters, has_empty_values

blueprint = Blueprint("overview", __name__)

_LATEST_CLAIMS = 8


@blueprint.get("/")
@takes(AsAtParameters)
def index():
    """Show the book's totals and latest claims, now or as at a date."""
    wanted = AsAtParameters.from_address(request.args)
    if has_empty_values(request.args):
        return redirect(url_for(".index", **wanted.parameters()))
    return render_template(
        "overview/index.html",
        wanted=wanted,
        figures=figures_as_at(wanted.valuation) if wanted.valuation else book_figures(),
        latest=latest_claims(_LATEST_CLAIMS, wanted.valuation),
    )


@blueprint.get("/find")
@takes("number", AsAtParameters)
def find():
    """Redirect to the claim or policy with a number, in upper or lower case, in the same cut."""
    AsAtParameters.from_address(request.args)  # a date that is refused is not left out in silence
    number = request.args.get("number", "").strip()
    if claim := claim_by_reference(number):
        return redirect(url_for("claims.show", reference=claim.claim_reference))
    if policy := policy_by_number(number):
        return redirect(url_for("policies.show", number=policy.policy_number))
    abort(404, f"There is no claim or policy “{number[:64]}”.")
