"""The front page."""

from flask import Blueprint, render_template

from flaskr.overview.queries import book_in_figures, latest_claims

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
def index():
    """Show what is in the book."""
    return render_template("overview/index.html", figures=book_in_figures(), latest=latest_claims())
