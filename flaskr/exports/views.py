"""Downloads of files and manifests, and the data dictionary."""

from flask import Blueprint, Response, render_template, request
from flask.sansio.blueprints import BlueprintSetupState

from flaskr.exports.delivery import Delivery
from flaskr.exports.dictionary import COLUMNS_ON_REQUEST, FILE_COLUMNS, available_columns
from flaskr.exports.parameters import FILE_PARAMETERS, FILTERS, file_request
from flaskr.exports.services import sweep_spool
from flaskr.facts.closed_lists import Contents, FileContents, RevisionContents, TrailContents
from flaskr.users.gate.access import actor
from flaskr.values.pseudonyms import may_include_names
from flaskr.web.page_addresses import takes

blueprint = Blueprint("exports", __name__)


@blueprint.record
def sweep_at_start(state: BlueprintSetupState) -> None:
    """Clean the spool of what earlier processes left."""
    sweep_spool(state.app.config)


@blueprint.get("/export_claims")
@takes(FILTERS[Contents.CLAIMS], *FILE_PARAMETERS)
def claims():
    """Download claims."""
    return _answer(Contents.CLAIMS)


@blueprint.get("/export_ledger")
@takes(FILTERS[Contents.LEDGER], *FILE_PARAMETERS)
def ledger():
    """Download ledger entries."""
    return _answer(Contents.LEDGER)


@blueprint.get("/export_policies")
@takes(FILTERS[Contents.POLICIES], *FILE_PARAMETERS)
def policies():
    """Download policies."""
    return _answer(Contents.POLICIES)


@blueprint.get("/export_revisions")
@takes(FILTERS[RevisionContents.REVISIONS], *FILE_PARAMETERS)
def revisions():
    """Download the versions of the facts of claims and policies."""
    return _answer(RevisionContents.REVISIONS)


@blueprint.get("/export_trail")
@takes(FILTERS[TrailContents.TRAIL], *FILE_PARAMETERS)
def trail():
    """Download events of the trail."""
    return _answer(TrailContents.TRAIL)


@blueprint.get("/dictionary")
def dictionary():
    """Show every column of every file: its type, unit and meaning."""
    files = {
        contents: available_columns(contents, may_include_names("")) for contents in FILE_COLUMNS
    }
    on_request = {column for columns in COLUMNS_ON_REQUEST.values() for column in columns}
    return render_template("exports/dictionary.html", files=files, on_request=on_request)


def _answer(contents: FileContents) -> Response:
    """Return a file or its manifest."""
    delivery = Delivery(request, file_request(contents, request.args), actor())
    return delivery.manifest_response() if "manifest" in request.args else delivery.response()
