"""The page of the audit trail."""

from flask import Blueprint, redirect, render_template, request, url_for

from flaskr.audit.filters import TrailFilter
from flaskr.audit.presenters import changes_of
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor
from flaskr.web.parameters import FilterError, has_empty_values

blueprint = Blueprint("trail", __name__, url_prefix="/trail")


@blueprint.get("")
@takes(TrailFilter, *PAGE_PARAMETERS)
def index():
    """Show the events that match the filter, newest first by default."""
    try:
        wanted = TrailFilter.from_address(request.args)
    except FilterError as error:
        refused = {"wanted": TrailFilter(), "typed": request.args, "refusal": error}
        return render_template("audit/index.html", **refused), error.status
    if has_empty_values(request.args):
        return redirect(url_for(".index", **wanted.parameters()))
    listing = wanted.listing()
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "audit/index.html",
        wanted=wanted,
        typed=request.args,
        page=page,
        count=listing.count(page),
        events=[(row, changes_of(row.before, row.after, row.reason)) for row in page.rows],
    )
