"""Pages of an import in progress: upload, dry run, mapping, loading."""

from collections.abc import Callable
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from flaskr.book.periods import is_live
from flaskr.database.modes import transaction_mode
from flaskr.errors import FORM_EXPIRED, ClaimBookError
from flaskr.exports.tasks import explain_full_disk
from flaskr.extensions import csrf, db
from flaskr.facts.closed_lists import Contents
from flaskr.facts.columns import Column
from flaskr.import_records.queries import loadings_of
from flaskr.imports.blueprint import blueprint
from flaskr.imports.decision_services import confirm_import, discard_import, read_again
from flaskr.imports.forms import MOST_FILES, LoadForm, StepForm, UploadForm
from flaskr.imports.job_folders import file_digest, job_named
from flaskr.imports.jobs import OUTCOME, Job, JobBusy, Stage
from flaskr.imports.loaded_columns import LAYOUTS, loaded_columns
from flaskr.imports.loading.services import load_import, record_finished_loading
from flaskr.imports.mapping.as_read import file_mappings
from flaskr.imports.mapping.form import requested_files
from flaskr.imports.presenters import cell_text, cost_change, file_view
from flaskr.imports.refused_downloads import files_with_refusals
from flaskr.imports.repeats.services import repeat_of
from flaskr.imports.services import jobs_folder, receive_uploads, run_in_background, try_import
from flaskr.imports.tasks import refused_path
from flaskr.users.gate.access import actor, check_may_import, may_import
from flaskr.web.downloads import Download, file_headers
from flaskr.web.shown_names import shown
from flaskr.web.template_filters import format_byte_size

_WAIT_SECONDS = 1.5  # most imports are done by then, and need no waiting page
_REFRESH_SECONDS = "1"
_FORM_BYTES = 64 * 1024  # for the form's other fields


# The form checks its CSRF token itself: a check before the view would parse the files under the
# size limit of all other forms.
@blueprint.route("/import_claims", methods=["GET", "POST"])
@csrf.exempt
def upload():
    """Receive files to import, and start their dry run."""
    form = _upload_form()
    if "csrf_token" in form.errors:
        abort(400, FORM_EXPIRED)
    status = 422 if form.errors else 200
    if form.is_submitted() and not form.errors:
        check_may_import(form.is_migration)
        try:
            job = receive_uploads(
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
    form.offer_kinds(may_import(False), may_import(True) and not is_live())
    most = format_byte_size(current_app.config["IMPORT_BYTES"])
    required = {contents: layout.required for contents, layout in LAYOUTS.items()}
    page = render_template(
        "imports/upload.html",
        form=form,
        most=most,
        columns=_columns_by_contents(),
        required=required,
    )
    return page, status


def _columns_by_contents() -> dict[Contents, list[Column]]:
    """Return the columns of files that are no migration, by their contents."""
    kinds = (Contents.CLAIMS, Contents.POLICIES)
    return {
        each: [LAYOUTS[each].field(name) for name in loaded_columns(each, False)] for each in kinds
    }


def _upload_form() -> UploadForm:
    """Return the form, validated when it was sent, with a larger size limit than other forms."""
    most = current_app.config["IMPORT_BYTES"]
    request.max_content_length = MOST_FILES * most + _FORM_BYTES
    try:
        with explain_full_disk():  # parsing writes the files to disk
            form = UploadForm()
        form.validate_on_submit()
    except RequestEntityTooLarge:
        abort(
            413,
            (
                f"Files over {format_byte_size(most)} cannot be imported, neither here nor with "
                "“flask import”. Split the file, or send it as Parquet, which is smaller."
            ),
        )
    return form


def _start(work: Callable[..., Any], job: Job):
    """Start work on an import, wait for it a moment, and redirect to the import's page."""
    db.session.remove()  # an open transaction here would block the import
    run_in_background(work, job).join(_WAIT_SECONDS)
    return redirect(_address_of(job), code=303)


def _address_of(job: Job) -> str:
    """Return the address of an import: in progress, or loaded."""
    if job.import_id:
        return url_for(".show", number=job.import_id)
    return url_for(".under_way", name=job.name)


@blueprint.get("/imports/under_way/<name>")
def under_way(name: str):
    """Show the stage of an import, and what can be done with it."""
    job = job_named(jobs_folder(), name)
    check_may_import(job.request.is_migration)
    return _show(job)


def _show(job: Job, status: int = 200, problem: str = ""):
    """Show an import as it is now, with the problem of the last step."""
    if job.stage in (Stage.INTERRUPTED, Stage.READY):
        record_finished_loading(job)
    stage = job.stage
    if stage is Stage.LOADED:
        return redirect(_address_of(job), code=303)
    context: dict[str, Any] = {
        "job": job,
        "job_request": job.request,
        "stage": stage,
        "problem": problem,
    }
    if stage in (Stage.READING, Stage.LOADING):
        page = render_template("imports/waiting.html", progress=job.progress, **context)
        return page, status, {"Refresh": _REFRESH_SECONDS}  # reloads without JavaScript
    context["form"] = StepForm(formdata=None, shown=job.outcome_digest)
    if stage is Stage.INTERRUPTED or stage is Stage.READY and job.request.is_confirmed:
        return render_template("imports/interrupted.html", **context), status
    context["mappings"] = file_mappings(job)
    if stage is Stage.REFUSED:
        refusal = job.read(OUTCOME) or {}
        status = refusal["status"] if status == 200 else status
        return render_template("imports/refused.html", refusal=refusal, **context), status
    return _show_dry_run(job, context), status


def _show_dry_run(job: Job, context: dict[str, Any]) -> str:
    """Return the page of what an import would do."""
    outcome = job.outcome
    db.session.remove()  # its transaction may write, and would wait for an import that does
    with transaction_mode("read"):
        return render_template(
            "imports/dry_run.html",
            outcome=outcome,
            files=[file_view(result) for result in outcome.files],
            cost_change=cost_change(outcome),
            repeat=repeat_of(job, outcome),
            cell=cell_text,
            loadings={result.sha256: loadings_of(result.sha256) for result in outcome.files},
            files_with_refusals=files_with_refusals(job),
            **context,
        )


@blueprint.post("/imports/under_way/<name>/read")
def read(name: str):
    """Make a new dry run with the options of the form."""
    job = job_named(jobs_folder(), name)
    form = StepForm()
    is_migration = request.form.get("migration", job.request.is_migration) in ("yes", True)
    check_may_import(job.request.is_migration)
    check_may_import(is_migration)
    try:
        read_again(
            job,
            form.shown.data or "",
            actor=actor(),
            files=requested_files(job, request.form),
            is_migration=is_migration,
        )
    except JobBusy:
        return redirect(_address_of(job), code=303)
    except ClaimBookError as error:
        return _show(job, error.status, str(error))
    return _start(try_import, job)


@blueprint.post("/imports/under_way/<name>/load")
def load(name: str):
    """Load the import as its dry run says, or nothing; confirmed twice, it is loaded once."""
    job = job_named(jobs_folder(), name)
    if job.import_id:
        return redirect(_address_of(job), code=303)
    check_may_import(job.request.is_migration)
    form = LoadForm()
    try:
        confirm_import(
            job,
            form.shown.data or "",
            leaves_refused=form.leaves_refused.data,
            loads_again=form.again.data,
            actor=actor(),
        )
    except JobBusy:
        return redirect(_address_of(job), code=303)
    except ClaimBookError as error:
        return _show(job, error.status, str(error))
    return _start(load_import, job)


@blueprint.post("/imports/under_way/<name>/drop")
def drop(name: str):
    """Discard an import that is not loaded, with its files."""
    job = job_named(jobs_folder(), name)
    if job.import_id:
        return redirect(_address_of(job), code=303)
    check_may_import(job.request.is_migration)
    discard_import(job, actor=actor())
    flash("The files are discarded. Nothing was imported.", "success")
    return redirect(url_for(".index"), code=303)


@blueprint.get("/imports/under_way/<name>/refused/<int:at>.csv")
def refused_rows(name: str, at: int):
    """Download the refused rows of one file, each with its reasons."""
    job = job_named(jobs_folder(), name)
    check_may_import(job.request.is_migration)
    path = refused_path(job.folder, at)
    if at not in files_with_refusals(job) or job.stage in (Stage.READING, Stage.INTERRUPTED):
        abort(404, "That file has no refused rows.")
    stem = job.request.files[at]["name"].rpartition(".")[0] or job.request.files[at]["name"]
    shown(stem)  # its rows may name people
    digest, size = file_digest(path)
    headers = file_headers(f"{stem}-refused.csv", "text/csv; charset=utf-8")
    return Download(path.open("rb"), headers, size, digest).response(request)
