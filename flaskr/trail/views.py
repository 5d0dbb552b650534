"""The page of the trail: who did what, when, to what, from where."""

from flask import Blueprint, redirect, render_template, request, url_for

from flaskr.filters import has_empty
from flaskr.paging import PAGE_PARAMETERS, Cursor
from flaskr.parameters import FilterError
from flaskr.trail.filters import TrailFilter
from flaskr.trail.shown import changes_of

blueprint = Blueprint("trail", __name__, url_prefix="/trail")


@blueprint.get("")
def index():
    """Show the events that the address asks for, newest first when it names no order."""
    try:
        wanted = TrailFilter.from_parameters(request.args, besides=PAGE_PARAMETERS)
    except FilterError as error:
        refused = {"wanted": TrailFilter(), "typed": request.args, "refusal": error}
        return render_template("trail/index.html", **refused), error.status
    if has_empty(request.args):
        return redirect(url_for(".index", **wanted.parameters()))
    listing = wanted.listing()
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "trail/index.html",
        wanted=wanted,
        typed=request.args,
        page=page,
        count=listing.count(page),
        events=[(row, changes_of(row.before, row.after)) for row in page.rows],
    )
