"""The page that undoes an import."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for

from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.blueprint import blueprint
from flaskr.imports.forms import UndoForm
from flaskr.imports.history.queries import import_numbered
from flaskr.imports.undo.services import undo_import, undo_preview
from flaskr.users.gate.access import actor


@blueprint.route("/imports/<int:number>/undo", methods=["GET", "POST"])
def undo(number: int) -> Any:
    """Show what an undo would do, and undo the import."""
    try:
        record = import_numbered(number)
    except ClaimBookError as error:
        abort(error.status, str(error))
    form = UndoForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            undone = undo_import(number, reason_code=form.reason_code.data, actor=actor())
        except ClaimBookError as error:
            db.session.rollback()
            status = error.status
        else:
            db.session.commit()
            flash(f"Import {number} undone.", "success")
            return redirect(url_for(".show", number=undone.id), code=303)
    preview = undo_preview(record)
    page = render_template("imports/undo.html", record=record, preview=preview, form=form)
    return page, status
