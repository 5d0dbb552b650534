"""The pages of the audit trail, and of the refusals that are only counted."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for

from flaskr.audit.filters import TrailFilter
from flaskr.audit.presenters import changes_of
from flaskr.audit.queries import counted_statuses, refusals_by_day, refusals_by_minute
from flaskr.errors import TextError
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor
from flaskr.web.parameters import (
    FilterError,
    Parameters,
    ParameterType,
    date_parameter,
    has_empty_values,
    parameter_field,
)

_MOST_MINUTES = 1000  # rows of one day on a page

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


def _parse_status(text: str) -> int:
    """Parse the status of an HTTP response; raises TextError."""
    if text not in {str(status.value) for status in HTTPStatus}:
        raise TextError(f"“{text[:10]}” is not a status; give a number such as 403.")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class _RefusalParameters(Parameters):
    """The day to show by the minute, without one all days; and one status."""

    day: date | None = date_parameter()
    status: int | None = parameter_field(ParameterType(_parse_status))


@blueprint.get("/refusals")
@takes(_RefusalParameters)
def refusals():
    """Show how many requests of people who were not signed in were refused, by day or minute."""
    wanted = _RefusalParameters.from_address(request.args)
    if wanted.day:
        rows = refusals_by_minute(wanted.day, wanted.status, _MOST_MINUTES + 1)
    else:
        rows = refusals_by_day(wanted.status)
    return render_template(
        "audit/refusals.html",
        wanted=wanted,
        rows=rows[:_MOST_MINUTES] if wanted.day else rows,
        is_cut_off=bool(wanted.day) and len(rows) > _MOST_MINUTES,
        statuses=counted_statuses(),
        phrases={status.value: status.phrase for status in HTTPStatus},
    )
