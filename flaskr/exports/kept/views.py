"""Pages of kept exports: the list and a form to keep one more, downloads, manifests, deletion."""

import unicodedata
from functools import partial
from urllib.parse import quote

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import Headers, MultiDict

from flaskr.database import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.exports.kept.files import KeptExport, kept_export, kept_exports
from flaskr.exports.kept.forms import DeleteForm, KeepForm
from flaskr.exports.kept.services import delete_export, keep_export, kept_folder, record_reading
from flaskr.exports.manifest import filters_of
from flaskr.exports.parameters import FileRequest, file_request, one_of
from flaskr.exports.views import blueprint, digest_header, json_response, recorded, sent
from flaskr.facts.lists import Contents
from flaskr.users.gate.access import actor
from flaskr.values.pseudonyms import sees_names, without_names


@blueprint.get("/exports")
def kept():
    """List the kept exports, newest first, with a form to keep what the address asks for."""
    form = KeepForm()
    with without_names():
        form.ask(_asked_file(request.args))
    return _show_list(form, 200)


@blueprint.post("/exports")
def keep():
    """Make a file and keep it; the book is only read, so nobody who writes waits for it."""
    form = KeepForm()
    status = 422
    if form.validate_on_submit():
        try:
            with transaction_mode("read"), without_names():
                made = keep_export(form.asked(), form.name.data, form.note.data, actor())
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
        else:
            flash(f"Export “{made.name}” kept.", "success")
            return redirect(url_for(".kept"), code=303)
    return _show_list(form, status)


@blueprint.get("/exports/<name>")
def kept_file(name: str):
    """Download a kept export."""
    found = _kept_or_404(name)
    if found.deleted_at:
        abort(410, f"The file of “{found.name}” was deleted. Its manifest stays.")
    _refuse_names(found)
    said = found.manifest["file"]
    headers = Headers({"Content-Type": said["media_type"]})
    headers.set("Content-Disposition", "attachment", **named(said["name"]))
    headers["X-Row-Count"] = str(found.manifest["rows"])
    headers["Repr-Digest"] = digest_header(said["sha256"])
    response = sent(found.opened(), headers, said["size"], said["sha256"])
    reading = f"/exports/{found.folder.name}"
    recorded(response, reading, said["sha256"], partial(record_reading, found, actor()))
    return response


@blueprint.get("/exports/<name>/manifest")
def kept_manifest(name: str):
    """Show the manifest of a kept export."""
    found = _kept_or_404(name)
    _refuse_names(found)
    return json_response(found.manifest)


def _refuse_names(found: KeptExport) -> None:
    """Refuse what may say who somebody is to who does not see names."""
    if found.has_names and not sees_names.get():
        abort(403, f"“{found.name}” has names or free text, which your role may not see.")


@blueprint.route("/exports/<name>/delete", methods=["GET", "POST"])
def delete_kept(name: str):
    """Delete the file of a kept export, once that is confirmed."""
    found = _kept_or_404(name)
    form = DeleteForm()
    status = 200
    if form.validate_on_submit():
        try:
            delete_export(found, actor())
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
        else:
            flash(f"The file of “{found.name}” was deleted. Its manifest stays.", "success")
            return redirect(url_for(".kept"), code=303)
    page = render_template("exports/kept/delete.html", kept=found, form=form)
    return page, 422 if form.errors and status == 200 else status


def _asked_file(given: MultiDict[str, str]) -> FileRequest:
    """Return which file an address of the list asks to keep; claims as Parquet unless it says."""
    contents = one_of(given, "contents", Contents) or Contents.CLAIMS
    asked = MultiDict([(n, text) for n, text in given.items(multi=True) if n != "contents"])
    return file_request(contents, asked or MultiDict({"format": "parquet"}))


def _show_list(form: KeepForm, status: int):
    """Show the list, with the form as it stands."""
    page = render_template(
        "exports/kept/index.html",
        kept=kept_exports(kept_folder(current_app.config)),
        form=form,
        asked=_carried(form),
    )
    return page, status, {"Retry-After": "5"} if status == 503 else {}


def _carried(form: KeepForm):
    """Return what else the form asks for, to say it in words; None when it asks for nothing."""
    if not form.query.data:
        return None
    try:
        with without_names():
            wanted = form.asked()
    except (ClaimBookError, KeyError):  # KeyError: a choice that there is not
        return None
    is_some = not wanted.has_all_columns
    return {
        "contents": wanted.contents,
        "filter": filters_of(wanted),
        "sort": wanted.wanted.sort,
        "columns": [column.name for column in wanted.columns] if is_some else [],
    }


def _kept_or_404(name: str) -> KeptExport:
    """Return the kept export of a name, or answer that there is none."""
    found = kept_export(kept_folder(current_app.config), name)
    if found is None:
        abort(404, f"There is no kept export “{name[:64]}”.")
    return found


def named(name: str) -> dict[str, str]:
    """Return a file's name for Content-Disposition, in ASCII for those who read no more."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
