"""The pages of kept exports: list, form to keep one, download, manifest."""

from functools import partial

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.exports.delivery import manifest_response
from flaskr.exports.kept.change_views import kept_or_404, may_change, other_histories
from flaskr.exports.kept.files import KeptExport, kept_exports
from flaskr.exports.kept.forms import KeepForm
from flaskr.exports.kept.names import name_in_folder
from flaskr.exports.kept.services import keep_export, kept_folder, record_download
from flaskr.exports.manifest import filter_texts
from flaskr.exports.parameters import (
    FILE_PARAMETERS,
    FILTERS,
    FileRequest,
    file_request,
    parse_choice,
)
from flaskr.exports.readers import Reader
from flaskr.exports.services import spool_folder
from flaskr.exports.views import blueprint
from flaskr.facts.closed_lists import Contents
from flaskr.users.gate.access import actor
from flaskr.values.pseudonyms import sees_names, without_names
from flaskr.web.downloads import Download, digest_header, file_headers
from flaskr.web.page_addresses import takes
from flaskr.web.shown_names import shown


@blueprint.get("/exports")
@takes("contents", *FILE_PARAMETERS, lists={n for each in Contents for n in FILTERS[each].names()})
def kept():
    """List the kept exports, newest first, with a form filled in from the address."""
    form = KeepForm()
    with without_names():
        form.fill_from(_requested_file(request.args))
    return _show_list(form, 200)


@blueprint.post("/exports")
def keep():
    """Export a file and keep it; the book is only read, so writers do not wait for it."""
    form = KeepForm()
    status = 422
    if form.validate_on_submit():
        try:
            with transaction_mode("read"), without_names():
                export = keep_export(form.requested_file(), form.name.data, form.note.data, actor())
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
        else:
            flash(f"Export “{export.name}” kept.", "success")
            return redirect(url_for(".kept"), code=303)
    return _show_list(form, status)


@blueprint.get("/exports/<name>")
def kept_file(name: str):
    """Download a kept export."""
    export = kept_or_404(name)
    if export.deleted_at:
        abort(410, f"The file of “{export.name}” was deleted. Its manifest stays.")
    _require_names(export)
    file = export.manifest["file"]
    headers = file_headers(file["name"], file["media_type"])
    headers["X-Row-Count"] = str(export.manifest["rows"])
    headers["Repr-Digest"] = digest_header(file["sha256"])
    download = Download(export.open(), headers, file["size"], file["sha256"])
    response = download.response(request)
    address = f"/exports/{export.folder.name}"
    reader = Reader(request, actor(), address, spool_folder(current_app.config))
    reader.record_once(response, file["sha256"], partial(record_download, export, actor()))
    return response


@blueprint.get("/exports/<name>/manifest")
def kept_manifest(name: str):
    """Show the manifest of a kept export."""
    export = kept_or_404(name)
    _require_names(export)
    if export.has_names:
        shown(export.name)
    return manifest_response(export.manifest)


def _require_names(export: KeptExport) -> None:
    """Answer 403 if the export may identify people and the user may not see names."""
    if export.has_names and not sees_names.get():
        abort(403, f"“{export.name}” has names or free text, which your role may not see.")


def _requested_file(parameters: MultiDict[str, str]) -> FileRequest:
    """Return the request in the address of the list; by default claims as Parquet."""
    contents = parse_choice(parameters, "contents", Contents) or Contents.CLAIMS
    others = MultiDict([(n, text) for n, text in parameters.items(multi=True) if n != "contents"])
    return file_request(contents, others or MultiDict({"format": "parquet"}))


def _show_list(form: KeepForm, status: int):
    """Show the list and the form."""
    exports = kept_exports(kept_folder(current_app.config))
    page = render_template(
        "exports/kept/index.html",
        kept=exports,
        may_change=may_change,
        other_histories=other_histories(*exports),
        form=form,
        preset=_other_parameters(form),
    )
    return page, status, {"Retry-After": "5"} if status == 503 else {}


def _other_parameters(form: KeepForm):
    """Return the filter, order and columns of the form's request; None if it has none."""
    if not form.query.data:
        return None
    try:
        with without_names():
            export_request = form.requested_file()
    except (ClaimBookError, KeyError):  # KeyError: an unknown choice
        return None
    is_some = not export_request.has_all_columns
    return {
        "contents": export_request.contents,
        "filter": filter_texts(export_request),
        "sort": export_request.row_filter.sort,
        "columns": [column.name for column in export_request.columns] if is_some else [],
    }


@blueprint.app_template_filter("kept_name")
def name_of_folder(subject: str) -> str:
    """Return the name of the kept export in a folder that the trail names, while it is there."""
    name = name_in_folder(kept_folder(current_app.config), subject)
    return f"“{name}”" if name else subject
