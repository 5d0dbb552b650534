"""The page to verify a file."""

from flask import abort, current_app, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from flaskr.errors import FORM_EXPIRED, ClaimBookError
from flaskr.exports.services import spool_folder, sweep_spool
from flaskr.exports.spool import temporary_file
from flaskr.exports.tasks import explain_full_disk
from flaskr.exports.verify.forms import VerifyForm
from flaskr.exports.verify.manifests import MAX_MANIFEST_BYTES, known_from_manifest
from flaskr.exports.verify.services import Verdict, verify_file
from flaskr.exports.views import blueprint
from flaskr.extensions import csrf
from flaskr.processes.isolation import Limits
from flaskr.web.template_filters import format_byte_size

# Less than for exports, because anybody may upload; the command has the limits of exports.
_SECONDS = 60
_MEMORY_BYTES = 1024**3


# The form checks its CSRF token itself: the check before the view would read the upload under the
# size limit of all other forms.
@blueprint.route("/exports/verify", methods=["GET", "POST"])
@csrf.exempt
def verify():
    """Show whether an uploaded file agrees with its manifest, and what differs."""
    form = _uploaded_form()
    if "csrf_token" in form.errors:
        abort(400, FORM_EXPIRED)
    verdict, status = None, 422 if form.errors else 200
    if form.is_submitted() and not form.errors:
        try:
            verdict = _verify_upload(form)
            status = 422 if verdict.problem else 200
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
    most = format_byte_size(current_app.config["VERIFY_BYTES"])
    page = render_template("exports/verify/index.html", form=form, verdict=verdict, most=most)
    return page, status, {"Retry-After": "5"} if status == 503 else {}


def _uploaded_form() -> VerifyForm:
    """Return the form, validated if it was submitted; the upload limit is that of VERIFY_BYTES."""
    most = current_app.config["VERIFY_BYTES"]
    request.max_content_length = most
    try:
        form = VerifyForm()
        form.validate_on_submit()
    except RequestEntityTooLarge:
        abort(
            413,
            (
                f"Files over {format_byte_size(most)} cannot be verified here. On the machine the "
                "book runs on, “flask exports verify FILE” takes a file of any size."
            ),
        )
    return form


def _verify_upload(form: VerifyForm) -> Verdict:
    """Save the uploaded file in the spool while it is verified."""
    config = current_app.config
    known = None
    if form.manifest.data:
        known = known_from_manifest(
            form.manifest.data.read(MAX_MANIFEST_BYTES + 1), "the manifest that was sent"
        )
    limits = Limits(
        min(config["EXPORT_SECONDS"], _SECONDS), min(config["EXPORT_MEMORY_BYTES"], _MEMORY_BYTES)
    )
    sweep_spool(config)
    with temporary_file(spool_folder(config)) as part:
        with explain_full_disk():
            form.file.data.save(part.path)
        return verify_file(part.path, form.file.data.filename, known, limits)
