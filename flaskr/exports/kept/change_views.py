"""The pages that delete, hold or let go of a kept export: of who keeps it, or an administrator."""

from collections.abc import Collection

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.exports.kept.files import KeptExport, kept_export
from flaskr.exports.kept.forms import ReasonForm
from flaskr.exports.kept.services import (
    delete_export,
    hold_export,
    kept_folder,
    let_export_go,
    seals_of_other_histories,
)
from flaskr.exports.views import blueprint
from flaskr.users.gate.access import actor, current_identity
from flaskr.users.models import Role
from flaskr.web.shown_names import show_about

_ADMINISTER = (Role.ADMINISTRATOR, None)  # None in an open book, where nobody is known
_CHANGES = {"delete": delete_export, "hold": hold_export, "let_go": let_export_go}
_DONE = {
    "delete": "The file of “{}” was deleted. Its manifest stays.",
    "hold": "“{}” is held: nobody can delete its file.",
    "let_go": "“{}” is not held any more.",
}


@blueprint.route("/exports/<name>/<any(delete, hold, let_go):change>", methods=["GET", "POST"])
def change_kept(name: str, change: str) -> ResponseReturnValue:
    """Delete the file of a kept export, hold it or let it go, for a reason."""
    export = kept_or_404(name)
    if not may_change(export):
        abort(
            403,
            f"“{export.name}” is kept by {export.kept_by}, who can do this, or an administrator.",
        )
    form = ReasonForm()
    status = 200
    if form.validate_on_submit():
        try:
            _CHANGES[change](export, form.reason.data, actor())
        except ClaimBookError as error:
            form.form_errors.append(str(error))
            status = error.status
        else:
            flash(_DONE[change].format(export.name), "success")
            return redirect(url_for(".kept"), code=303)
    page = render_template(
        f"exports/kept/{change}.html",
        kept=export,
        form=form,
        other_histories=other_histories(export),
    )
    return page, 422 if form.errors and status == 200 else status


def may_change(export: KeptExport) -> bool:
    """Whether the current identity may delete, hold or let go of a kept export."""
    identity = current_identity()
    return identity is not None and (
        identity.role in _ADMINISTER or identity.actor == export.kept_by
    )


def kept_or_404(name: str) -> KeptExport:
    """Return the kept export with a name, or answer 404."""
    export = kept_export(kept_folder(current_app.config), name)
    if export is None:
        abort(404, f"There is no kept export “{name[:64]}”.")
    show_about(export.folder.name)  # its name may be a person's, which the trail would keep
    return export


def other_histories(*exports: KeptExport) -> Collection[str]:
    """Return the names of the exports that were made from a history that is not this book's."""
    with transaction_mode("read"):
        return seals_of_other_histories(exports).keys()
