"""Pages of an import on its way: sent, tried, shown, read otherwise, loaded or dropped."""

from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from flaskr.database import working
from flaskr.errors import EXPIRED, ClaimBookError
from flaskr.exports.kept.views import file_name_parameters
from flaskr.exports.tasks import explain_full_disk
from flaskr.exports.views import send_open_file
from flaskr.extensions import csrf, db
from flaskr.facts.columns import Column
from flaskr.facts.lists import Contents
from flaskr.import_records.queries import loadings_of
from flaskr.imports.blueprint import blueprint
from flaskr.imports.decision_services import confirm, discard, read_again
from flaskr.imports.forms import MOST_FILES, LoadForm, StepForm, UploadForm
from flaskr.imports.job_folders import digest_of, job_named
from flaskr.imports.jobs import OUTCOME, Job, JobBusy, Stage
from flaskr.imports.layouts import LAYOUTS, loadable
from flaskr.imports.loading.services import load_import, settle
from flaskr.imports.mapping_form import file_mappings, files_as_sent
from flaskr.imports.presenters import cell, file_shown, moved
from flaskr.imports.refused_downloads import refused_places
from flaskr.imports.services import in_background, jobs_folder, receive, try_import
from flaskr.imports.tasks import refused_path
from flaskr.users.gate.access import actor
from flaskr.web.templating import byte_size

_WAIT_SECONDS = 1.5  # most imports are done by then, and need no page that says to wait
_REFRESH_SECONDS = "1"
_FORM_BYTES = 64 * 1024  # what a form has besides its files


# The form checks its token itself: a check before the view would read the files under the limit of
# all other forms.
@blueprint.route("/import_claims", methods=["GET", "POST"])
@csrf.exempt
def upload():
    """Take files to import, and try them."""
    form = _sent_form()
    if "csrf_token" in form.errors:
        abort(400, EXPIRED)
    status = 422 if form.errors else 200
    if form.is_submitted() and not form.errors:
        try:
            job = receive(
                list(form.uploads()),
                actor=actor(),
                is_migration=form.is_migration,
                encoding=form.encoding.data,
            )
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
        else:
            return _start(try_import, job)
    most = byte_size(current_app.config["IMPORT_BYTES"])
    required = {contents: layout.required for contents, layout in LAYOUTS.items()}
    page = render_template(
        "imports/upload.html", form=form, most=most, columns=_columns_of_today(), required=required
    )
    return page, status


def _columns_of_today() -> dict[Contents, list[Column]]:
    """Return what a file of today can have, by what it is of."""
    kinds = (Contents.CLAIMS, Contents.POLICIES)
    return {each: [LAYOUTS[each].field(name) for name in loadable(each, False)] for each in kinds}


def _sent_form() -> UploadForm:
    """Return the form, validated when it was sent; larger ones than others are read."""
    most = current_app.config["IMPORT_BYTES"]
    request.max_content_length = MOST_FILES * most + _FORM_BYTES
    try:
        with explain_full_disk():  # what comes is on disk before it is looked at
            form = UploadForm()
        form.validate_on_submit()
    except RequestEntityTooLarge:
        abort(
            413,
            (
                f"Files over {byte_size(most)} cannot be imported, neither here nor with “flask "
                "import”. Split the file, or send it as Parquet, which is smaller."
            ),
        )
    return form


def _start(work: Callable[..., Any], job: Job):
    """Begin work at an import, wait for it a moment, and go where it stands."""
    db.session.remove()  # a transaction of ours would keep the import from writing
    in_background(work, job).join(_WAIT_SECONDS)
    return redirect(_address_of(job), code=303)


def _address_of(job: Job) -> str:
    """Return where an import is: under way, or among those that are loaded."""
    if job.loaded_as:
        return url_for(".show", number=job.loaded_as)
    return url_for(".under_way", name=job.name)


@blueprint.get("/imports/under_way/<name>")
def under_way(name: str):
    """Show how far an import has come, and what can be done with it."""
    return _show(job_named(jobs_folder(), name))


def _show(job: Job, status: int = 200, problem: str = ""):
    """Show an import as it is now, with what was wrong with the last step."""
    if job.stage in (Stage.CUT_SHORT, Stage.SHOWN):
        settle(job)
    stage = job.stage
    if stage is Stage.LOADED:
        return redirect(_address_of(job), code=303)
    context: dict[str, Any] = {"job": job, "asked": job.asked, "stage": stage, "problem": problem}
    if stage in (Stage.READING, Stage.LOADING):
        page = render_template("imports/waiting.html", progress=job.progress, **context)
        return page, status, {"Refresh": _REFRESH_SECONDS}  # the page itself, without JavaScript
    context["form"] = StepForm(formdata=None, shown=job.shown)
    if stage is Stage.CUT_SHORT or stage is Stage.SHOWN and job.asked.is_confirmed:
        return render_template("imports/cut_short.html", **context), status
    context["ways"] = file_mappings(job)
    if stage is Stage.REFUSED:
        refusal = job.read(OUTCOME) or {}
        status = refusal["status"] if status == 200 else status
        return render_template("imports/refused.html", refusal=refusal, **context), status
    return _show_dry_run(job, context), status


def _show_dry_run(job: Job, context: dict[str, Any]) -> str:
    """Return the page of what an import would do."""
    outcome = job.outcome
    db.session.remove()  # it may have begun to write, and would wait for an import that does
    with working("read"):
        return render_template(
            "imports/dry_run.html",
            outcome=outcome,
            files=[file_shown(found) for found in outcome.files],
            moved=moved(outcome),
            cell=cell,
            loadings={found.sha256: loadings_of(found.sha256) for found in outcome.files},
            refused_places=refused_places(job),
            **context,
        )


@blueprint.post("/imports/under_way/<name>/read")
def read(name: str):
    """Try the files again, read as the form says."""
    job = job_named(jobs_folder(), name)
    form = StepForm()
    try:
        read_again(
            job,
            form.shown.data or "",
            actor=actor(),
            files=files_as_sent(job, request.form),
            is_migration=request.form.get("migration", job.asked.is_migration) in ("yes", True),
        )
    except JobBusy:
        return redirect(_address_of(job), code=303)
    except ClaimBookError as error:
        return _show(job, error.status, str(error))
    return _start(try_import, job)


@blueprint.post("/imports/under_way/<name>/load")
def load(name: str):
    """Load what was shown, all of it or nothing; twice confirmed it is loaded once."""
    job = job_named(jobs_folder(), name)
    if job.loaded_as:
        return redirect(_address_of(job), code=303)
    form = LoadForm()
    try:
        confirm(
            job,
            form.shown.data or "",
            leaves_refused=form.leaves_refused.data,
            actor=actor(),
        )
    except JobBusy:
        return redirect(_address_of(job), code=303)
    except ClaimBookError as error:
        return _show(job, error.status, str(error))
    return _start(load_import, job)


@blueprint.post("/imports/under_way/<name>/drop")
def drop(name: str):
    """Drop an import that is not loaded, and the files that were sent."""
    job = job_named(jobs_folder(), name)
    if job.loaded_as:
        return redirect(_address_of(job), code=303)
    discard(job, actor=actor())
    flash("The files are discarded. Nothing was imported.", "success")
    return redirect(url_for(".index"), code=303)


@blueprint.get("/imports/under_way/<name>/refused/<int:at>.csv")
def refused_rows(name: str, at: int):
    """Download the refused rows of one file, each with its reason."""
    job = job_named(jobs_folder(), name)
    path = refused_path(job.folder, at)
    if at not in refused_places(job) or job.stage in (Stage.READING, Stage.CUT_SHORT):
        abort(404, "That file has no refused rows.")
    stem = job.asked.files[at]["name"].rpartition(".")[0] or job.asked.files[at]["name"]
    digest, size = digest_of(path)
    headers = Headers({"Content-Type": "text/csv; charset=utf-8"})
    headers.set("Content-Disposition", "attachment", **file_name_parameters(f"{stem}-refused.csv"))
    return send_open_file(path.open("rb"), headers, size, digest)
