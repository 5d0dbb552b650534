"""The pages of one policy: they show its claims, and warn when an edit leaves some uncovered."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from flaskr.claims.history.queries import policy_history
from flaskr.claims.queries import claim_totals, uncovered_claim_ids
from flaskr.claims.row_queries import claims_of_policy, totals_of
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.policies.forms import CancelPolicyForm, EditPolicyForm
from flaskr.policies.models import POLICY_EDITS, Policy
from flaskr.policies.queries import policy_as_at, policy_by_number
from flaskr.policies.rules import why_policy_counts_later
from flaskr.policies.services import edit_policy
from flaskr.policies.views import blueprint
from flaskr.users.gate.access import actor
from flaskr.values.as_at import Valuation
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor
from flaskr.web.parameters import AsAtParameters, has_empty_values
from flaskr.web.shown_names import show_about


def _policy_or_404(number: str) -> Policy:
    """Return the policy with this number, or abort with 404."""
    policy = policy_by_number(number) or abort(404, f"There is no policy {number}.")
    show_about(policy.policy_number)
    return policy


@blueprint.get("/<reference:number>")
@takes(AsAtParameters, "history", *PAGE_PARAMETERS)
def show(number: str):
    """Show one policy: its facts, its claims and their totals."""
    wanted = AsAtParameters.from_address(request.args)
    policy = _policy_or_404(number)
    if has_empty_values(request.args):
        return redirect(url_for(".show", number=policy.policy_number, **wanted.parameters()))
    if wanted.valuation:
        return _show_cut(policy, wanted, wanted.valuation)
    return render_template(
        "policies/show.html",
        policy=policy,
        wanted=wanted,
        page=claims_of_policy(policy).page(Cursor.from_query(request.args)),
        totals=claim_totals(policy),
        history=policy_history(policy, request.args.get("history", "1")),
    )


def _show_cut(current: Policy, wanted: AsAtParameters, valuation: Valuation):
    """Show a policy as at a date, without actions and history; 404 if it does not count yet."""
    policy = policy_as_at(current, valuation)
    if policy is None:
        reason = why_policy_counts_later(current, wanted.basis)
        context = {"policy": current, "wanted": wanted, "reason": reason}
        return render_template("policies/not_in_cut.html", **context), 404
    listing = claims_of_policy(current, valuation)
    return render_template(
        "policies/show.html",
        policy=policy,
        wanted=wanted,
        page=listing.page(Cursor.from_query(request.args)),
        totals=totals_of(listing.selected),
    )


@blueprint.route("/<reference:number>/edit", methods=["GET", "POST"])
def edit(number: str):
    """Edit the facts of one policy; if somebody else edited it too, show both versions."""
    policy = _policy_or_404(number)
    form = EditPolicyForm(obj=policy)
    if not policy.policyholder:
        form.make_policyholder_optional()
    return _change(policy, form, POLICY_EDITS, "policies/edit.html", "saved")


@blueprint.route("/<reference:number>/cancel", methods=["GET", "POST"])
def cancel(number: str):
    """Cancel one policy."""
    policy = _policy_or_404(number)
    form = CancelPolicyForm(obj=policy)
    return _change(policy, form, ("cancelled_on",), "policies/cancel.html", "cancelled")


def _change(policy: Policy, form: FlaskForm, names: tuple[str, ...], template: str, outcome: str):
    """Show the form, or save its facts to the policy."""
    number = policy.policy_number
    needs_confirmation = False
    if form.validate_on_submit():
        try:
            needs_confirmation = _save(policy, form, {name: form[name].data for name in names})
        except ChangedMeanwhile:
            db.session.rollback()
            return _show_conflict(_policy_or_404(number), form, names)
        except ClaimBookError as error:
            db.session.rollback()
            form.form_errors.append(str(error))
        else:
            if not needs_confirmation:
                db.session.commit()
                flash(f"Policy {number} {outcome}.", "success")
                return redirect(url_for(".show", number=number), code=303)
            db.session.rollback()
    page = render_template(
        template, policy=policy, form=form, needs_confirmation=needs_confirmation
    )
    return page, 422 if form.errors else 200


def _save(policy: Policy, form: FlaskForm, changes: dict[str, Any]) -> bool:
    """Edit a policy; return whether claims with money lose coverage and the user must confirm."""
    uncovered_before = uncovered_claim_ids(policy)
    edit_policy(policy, changes, seen_version=form.version.data, actor=actor())
    uncovered = len(uncovered_claim_ids(policy) - uncovered_before)
    if not uncovered or form.accept.data:
        return False
    claims = "claim" if uncovered == 1 else "claims"
    form.form_errors.append(
        f"With this, {uncovered} {claims} with a reserve or payments would no longer be covered. "
        "Tick the box below if that is right."
    )
    return True


def _show_conflict(policy: Policy, form: FlaskForm, names: tuple[str, ...]):
    """Show the stored facts beside those of the form, to save either."""
    form.version.show(policy.version)
    now = {name: getattr(policy, name) for name in names}
    return render_template("policies/conflict.html", policy=policy, form=form, now=now), 409
