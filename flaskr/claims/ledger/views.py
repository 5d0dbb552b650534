"""Pages that move a claim's money: one address for each action, and one to reverse an entry."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for

from flaskr.claims.blueprint import blueprint, claim_or_404
from flaskr.claims.forms import EntryForm, ReversalForm
from flaskr.claims.ledger.actions import BY_NAME, reversible
from flaskr.claims.ledger.posting import By, coverage_reason
from flaskr.claims.ledger.services import reverse_entry
from flaskr.claims.models import Claim
from flaskr.claims.queries import entries_of, last_entry
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.users.gate.access import actor
from flaskr.values.calendar import today


@blueprint.route(
    "/<reference>/<any(reserve, pay, recover, close, decline, reopen):name>",
    methods=["GET", "POST"],
)
def act(reference: str, name: str):
    """Post one entry to a claim."""
    action = BY_NAME[name]
    claim = claim_or_404(reference)
    form = action.form()
    status = 200
    if form.validate_on_submit():
        try:
            action.post(claim, form, _by(form))
        except ClaimBookError as error:
            status = _refuse(form, error)
            claim = claim_or_404(reference)
        else:
            db.session.commit()
            flash(f"{action.done} {claim.claim_reference}.", "success")
            return redirect(url_for(".show", reference=claim.claim_reference), code=303)
    return _show_form(
        "claims/act.html", claim, form, status, action=action, can_be=action.allowed(claim)
    )


@blueprint.route("/<reference>/reverse/<int:number>", methods=["GET", "POST"])
def reverse(reference: str, number: int):
    """Take one payment or recovery back; `number` counts the claim's entries from 1."""
    claim = claim_or_404(reference)
    entries = entries_of(claim)
    if not 1 <= number <= len(entries):
        abort(404, f"Claim {claim.claim_reference} has no entry {number}.")
    entry = entries[number - 1]
    can_be = entry.id in reversible(claim, entries)
    form = ReversalForm()
    status = 200
    if form.validate_on_submit():
        posted_by = _by(form)
        posted_by["reason"] = form.reason.data
        try:
            reverse_entry(entry, form.transaction_date.data, **posted_by)
        except ClaimBookError as error:
            status = _refuse(form, error)
            claim = claim_or_404(reference)
        else:
            db.session.commit()
            flash(f"Entry {number} of {claim.claim_reference} reversed.", "success")
            return redirect(url_for(".show", reference=claim.claim_reference), code=303)
    return _show_form("claims/reverse.html", claim, form, status, entry=entry, can_be=can_be)


def _by(form: EntryForm) -> By:
    """Return who posts, and the last entry they saw."""
    return By(actor=actor(), seen_entry=form.seen_entry.data)


def _refuse(form: EntryForm, error: ClaimBookError) -> int:
    """Put a refusal on the form, undo what was begun, and return the status to answer with."""
    db.session.rollback()
    form.form_errors.append(str(error))
    return error.status


def _show_form(template: str, claim: Claim, form: EntryForm, status: int, **context: Any):
    """Show the form beside the claim as it is now.

    After a 409 it also shows what came last; only then does it count as seen.
    """
    last = last_entry(claim)
    if request.method == "GET":
        form.transaction_date.data = today()
    if request.method == "GET" or status == ChangedMeanwhile.status:
        form.seen_entry.show(last.id if last else 0)
    page = render_template(
        template,
        claim=claim,
        form=form,
        coverage_reason=coverage_reason(claim),
        moved=last if status == ChangedMeanwhile.status else None,
        **context,
    )
    return page, status if status != 200 else 422 if form.errors else 200
