"""Pages that post to a claim's ledger: one for each action, and one to reverse an entry."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for

from flaskr.book.periods import open_day
from flaskr.claims.blueprint import blueprint, claim_or_404
from flaskr.claims.forms import CostTypeForm, EntryForm, ReversalForm
from flaskr.claims.ledger.actions import ACTIONS_BY_NAME, reason_of, reversible_entry_ids
from flaskr.claims.ledger.closed_periods import show_first_open_day
from flaskr.claims.ledger.posting import PostedBy, coverage_reason
from flaskr.claims.ledger.services import reverse_entry
from flaskr.claims.models import Claim
from flaskr.claims.queries import balances_by_type, entries_of, last_entry
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, Coverage
from flaskr.users.gate.access import actor
from flaskr.values.calendar import today


@blueprint.route(
    "/<reference:reference>/<any(reserve, pay, repay, recover, close, decline, reopen):name>",
    methods=["GET", "POST"],
)
def act(reference: str, name: str):
    """Post one entry to a claim."""
    action = ACTIONS_BY_NAME[name]
    claim = claim_or_404(reference)
    form = action.form()
    status = 200
    if form.validate_on_submit():
        try:
            action.post(claim, form, _posted_by(form))
        except ClaimBookError as error:
            status = _refuse(form, error)
            claim = claim_or_404(reference)
        else:
            db.session.commit()
            flash(f"{action.confirmation} {claim.claim_reference}.", "success")
            return redirect(url_for(".show", reference=claim.claim_reference), code=303)
    if request.method == "GET" and claim.coverage is Coverage.NOT_IN_FORCE:
        _choose_expense(form)
    by_type = balances_by_type(claim.id, claim.state)
    can_be = action.is_allowed(claim, by_type)
    return _show_form(
        "claims/act.html", claim, form, status, action=action, can_be=can_be, by_type=by_type
    )


@blueprint.route("/<reference:reference>/reverse/<int:number>", methods=["GET", "POST"])
def reverse(reference: str, number: int):
    """Reverse one payment or recovery; `number` counts the claim's entries from 1."""
    claim = claim_or_404(reference)
    entries = entries_of(claim)
    if not 1 <= number <= len(entries):
        abort(404, f"Claim {claim.claim_reference} has no entry {number}.")
    entry = entries[number - 1]
    can_be = entry.id in reversible_entry_ids(claim, entries)
    form = ReversalForm()
    status = 200
    if form.validate_on_submit():
        by = _posted_by(form)
        by |= reason_of(form)
        try:
            reverse_entry(entry, form.transaction_date.data, **by)
        except ClaimBookError as error:
            status = _refuse(form, error)
            claim = claim_or_404(reference)
        else:
            db.session.commit()
            flash(f"Entry {number} of {claim.claim_reference} reversed.", "success")
            return redirect(url_for(".show", reference=claim.claim_reference), code=303)
    by_type = balances_by_type(claim.id, claim.state)
    return _show_form(
        "claims/reverse.html", claim, form, status, entry=entry, can_be=can_be, by_type=by_type
    )


def _choose_expense(form: EntryForm) -> None:
    """Choose expense as the cost type: on a loss that is not covered only expenses can rise."""
    if isinstance(form, CostTypeForm):
        form.cost_type.data = CostType.EXPENSE


def _posted_by(form: EntryForm) -> PostedBy:
    """Return who posts and the last entry they saw."""
    return PostedBy(actor=actor(), seen_entry=form.seen_entry.data)


def _refuse(form: EntryForm, error: ClaimBookError) -> int:
    """Roll back, show the error on the form, and return the response's status."""
    db.session.rollback()
    form.form_errors.append(str(error))
    return error.status


def _show_form(template: str, claim: Claim, form: EntryForm, status: int, **context: Any):
    """Show the form and the claim as it is now.

    After a 409 the page also shows the claim's new last entry, and only then counts it as seen.
    """
    last = last_entry(claim)
    if request.method == "GET":
        form.transaction_date.data = open_day(today())
    if request.method == "GET" or status == ChangedMeanwhile.status:
        form.seen_entry.show(last.id if last else 0)
    show_first_open_day(form.transaction_date)
    page = render_template(
        template,
        claim=claim,
        form=form,
        coverage_reason=coverage_reason(claim),
        moved=last if status == ChangedMeanwhile.status else None,
        **context,
    )
    return page, status if status != 200 else 422 if form.errors else 200
