"""Pages of the closings: the list, the declaration, closing a period, and what came late."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from flaskr.book.models import Closing
from flaskr.book.periods import LiveBook, closed_through, needs_declaration
from flaskr.closings.forms import ClosingForm
from flaskr.closings.late_queries import LATE_KINDS
from flaskr.closings.presenters import late_booking
from flaskr.closings.queries import all_closings, closing_through, live_declaration
from flaskr.closings.services import close_period, declare_live
from flaskr.errors import ClaimBookError, DateError
from flaskr.extensions import db
from flaskr.users.gate.access import actor
from flaskr.values.calendar import parse_day
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor

blueprint = Blueprint("closings", __name__, url_prefix="/closings")
blueprint.add_app_template_global(needs_declaration)


@blueprint.get("")
def index():
    """Show since when the book is live, and its closings."""
    return render_template(
        "closings/index.html", declaration=live_declaration(), closings=all_closings()
    )


@blueprint.route("/live", methods=["GET", "POST"])
def declare():
    """Declare the book live."""
    form = FlaskForm()
    if form.validate_on_submit():
        try:
            declare_live(actor=actor())
        except LiveBook as error:
            db.session.rollback()
            abort(error.status, str(error))
        db.session.commit()
        flash("The book is live: it takes no migration any more.", "success")
        return redirect(url_for(".index"), code=303)
    return render_template("closings/live.html", form=form, declaration=live_declaration())


@blueprint.route("/new", methods=["GET", "POST"])
def close():
    """Close the books through a day."""
    form = ClosingForm()
    if form.validate_on_submit():
        day = form.closed_through.data
        try:
            close_period(day, actor=actor())
        except ClaimBookError as error:
            db.session.rollback()
            form.form_errors.append(str(error))
        else:
            db.session.commit()
            flash(f"The books are closed through {day}.", "success")
            return redirect(url_for(".show", day=day), code=303)
    page = render_template(
        "closings/close.html",
        form=form,
        declaration=live_declaration(),
        closed_through=closed_through(),
    )
    return page, 422 if form.errors else 200


@blueprint.get("/<day>")
def show(day: str):
    """Show one closing: its figures, and the first late bookings of each kind."""
    closing = _closing_or_404(day)
    lists = []
    for kind in LATE_KINDS.values():
        listing = kind.listing(closing)
        page = listing.page(Cursor())
        lists.append((kind, [late_booking(row) for row in page.rows], listing.count(page)))
    return render_template("closings/show.html", closing=closing, lists=lists)


@blueprint.get(
    "/<day>/<any(claims, policies, claim_edits, policy_edits, first_entries, entries):kind>"
)
@takes(*PAGE_PARAMETERS)
def late(day: str, kind: str):
    """Show the late bookings of one kind, oldest first."""
    closing = _closing_or_404(day)
    listing = LATE_KINDS[kind].listing(closing)
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "closings/late.html",
        closing=closing,
        kind=LATE_KINDS[kind],
        page=page,
        rows=[late_booking(row) for row in page.rows],
        count=listing.count(page),
    )


def _closing_or_404(text: str) -> Closing:
    """Return the closing through a day as in the address, or abort with 404."""
    try:
        closing: Any = closing_through(parse_day(text))
    except DateError:
        closing = None
    if closing is None:
        abort(404, f"The books were not closed through {text[:20]}.")
    return closing
