"""The page that verifies a file which somebody has."""

from flask import abort, current_app, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from flaskr.errors import FORM_EXPIRED, ClaimBookError
from flaskr.exports.services import spool_folder, sweep_spool
from flaskr.exports.spool import part_in
from flaskr.exports.tasks import full_disk_told
from flaskr.exports.verify.forms import VerifyForm
from flaskr.exports.verify.manifests import MOST_BYTES, known_from_text
from flaskr.exports.verify.services import Verdict, verdict_on
from flaskr.exports.views import blueprint
from flaskr.extensions import csrf
from flaskr.isolation import Limits
from flaskr.web.templating import format_byte_size

# What anybody may make the machine do; the command takes what exports take.
_SECONDS = 60
_MEMORY_BYTES = 1024**3


# The form checks its token itself: a check before the view would read the file under the limit of
# all other forms.
@blueprint.route("/exports/verify", methods=["GET", "POST"])
@csrf.exempt
def verify():
    """Say whether a file that is sent is what its manifest says, and else what differs."""
    form = _sent_form()
    if "csrf_token" in form.errors:
        abort(400, FORM_EXPIRED)
    verdict, status = None, 422 if form.errors else 200
    if form.is_submitted() and not form.errors:
        try:
            verdict = _verdict_on_sent(form)
            status = 422 if verdict.problem else 200
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
    most = format_byte_size(current_app.config["VERIFY_BYTES"])
    page = render_template("exports/verify/index.html", form=form, verdict=verdict, most=most)
    return page, status, {"Retry-After": "5"} if status == 503 else {}


def _sent_form() -> VerifyForm:
    """Return the form, validated when it was sent; larger ones than others are read."""
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


def _verdict_on_sent(form: VerifyForm) -> Verdict:
    """Put the file that was sent into the spool for as long as it is read, and verify it."""
    config = current_app.config
    known = None
    if form.manifest.data:
        known = known_from_text(
            form.manifest.data.read(MOST_BYTES + 1), "the manifest that was sent"
        )
    limits = Limits(
        min(config["EXPORT_SECONDS"], _SECONDS), min(config["EXPORT_MEMORY_BYTES"], _MEMORY_BYTES)
    )
    sweep_spool(config)
    with part_in(spool_folder(config)) as part:
        with full_disk_told():
            form.file.data.save(part.path)
        return verdict_on(part.path, form.file.data.filename, known, limits)
