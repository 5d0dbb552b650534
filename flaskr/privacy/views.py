"""The pages that erase a person, after showing what remains, and give what the book has of one."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.privacy.forms import EraseForm, SubjectForm
from flaskr.privacy.presenters import (
    counted_files,
    counted_records,
    deleted_files,
    erased_sentence,
)
from flaskr.privacy.queries import PersonRecords, is_erased, person_records
from flaskr.privacy.remaining_copies import own_files, remaining_copies
from flaskr.privacy.residual_copies import clear_old_pages, empty_spool, overwrite_deleted
from flaskr.privacy.services import NoReason, delete_own_files, erase_person, record_shown
from flaskr.privacy.subject_access import person_file
from flaskr.users.gate.access import actor
from flaskr.web.downloads import file_headers
from flaskr.web.page_addresses import takes

blueprint = Blueprint("privacy", __name__, url_prefix="/people")


@blueprint.route("/erase", methods=["GET", "POST"])
@takes("policy", "claim")
def erase():
    """Show what would be erased of a person and what remains; erase it when that is confirmed."""
    form = EraseForm()
    _fill_from_address(form)
    if form.validate_on_submit() and form.erase.data:
        try:
            _erase(form)
        except ClaimBookError as error:
            db.session.rollback()
            _show_refusal(form, error)
        else:
            policy, claim = form.policy.data or None, form.claim.data or None
            return redirect(url_for(".erase", policy=policy, claim=claim), code=303)
    return _show_form(form)


@blueprint.route("/show", methods=["GET", "POST"])
@takes("policy", "claim")
def show():
    """Give all that the book has about a person as a file."""
    form = SubjectForm()
    _fill_from_address(form)
    if form.validate_on_submit():
        try:
            found, reason = _records(form), form.reason.data or ""
            record_shown(found, actor=actor(), reason=reason)
            contents = person_file(found, actor=actor(), reason=reason)
        except ClaimBookError as error:
            db.session.rollback()
            _show_refusal(form, error)
        else:
            db.session.commit()
            headers = file_headers("person.json", "application/json")
            headers["Cache-Control"] = "no-store"
            return contents, 200, headers
    return render_template("privacy/show.html", form=form), 422 if form.errors else 200


def _fill_from_address(form: EraseForm | SubjectForm) -> None:
    """Fill in the numbers that the address of a page has."""
    if request.method == "GET":
        form.policy.data = request.args.get("policy", "")
        form.claim.data = request.args.get("claim", "")


def _show_form(form: EraseForm):
    """Show the form, with what would be erased if it names somebody."""
    found = {}
    if form.policy.data or form.claim.data:
        try:
            with transaction_mode("read"):
                found = _found(form)
        except ClaimBookError as error:
            if str(error) not in form.form_errors:
                form.form_errors.append(str(error))
    page = render_template("privacy/erase.html", form=form, **found)
    return page, 422 if form.errors else 200


def _found(form: EraseForm) -> dict[str, Any]:
    """Return what would be erased and what would remain, for the page."""
    records = _records(form)
    files = own_files(current_app.config, records.names)
    staying = replace(files, exports=(), jobs=()) if form.files.data else files
    return {
        "records": counted_records(records),
        "files": counted_files(files),
        "copies": remaining_copies(records, staying),
        "is_erased": is_erased(records),
    }


def _show_refusal(form: SubjectForm, error: ClaimBookError) -> None:
    """Show why a form is refused, beside the reason if it is that."""
    if isinstance(error, NoReason):
        form.reason.errors = [str(error)]
    else:
        form.form_errors.append(str(error))


def _records(form: SubjectForm) -> PersonRecords:
    """Return the records that a form names; raises ClaimBookError."""
    if not form.policy.data and not form.claim.data:
        raise ClaimBookError("Give the number of a policy, or the reference of a claim.")
    return person_records(
        filter(None, [form.policy.data]),
        filter(None, [form.claim.data]),
        filter(None, [form.name.data]),
        with_same_name=form.same_name.data,
    )


def _erase(form: EraseForm) -> None:
    """Erase what the form names, and say what was done."""
    found = _records(form)
    files = own_files(current_app.config, found.names) if form.files.data else None
    reason = form.reason.data or ""
    was_on = overwrite_deleted()
    result = erase_person(found, actor=actor(), reason=reason)
    db.session.commit()
    empty_spool(current_app.config)
    flash(erased_sentence(result), "success")
    if files:
        delete_own_files(found, files, actor=actor(), reason=reason)
        flash(deleted_files(files), "success")
    try:
        clear_old_pages(overwrites_always=was_on)
    except ClaimBookError as error:
        flash(str(error), "warning")
