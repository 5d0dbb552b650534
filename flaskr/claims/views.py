"""The pages of claims: the list, a new claim, and the edit of its facts."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from flaskr.book.periods import open_day
from flaskr.claims.blueprint import blueprint, claim_or_404
from flaskr.claims.filters import ClaimFilter
from flaskr.claims.forms import ClaimFactsForm, EditClaimForm, NewClaimForm
from flaskr.claims.ledger.closed_periods import show_day_of_reserve
from flaskr.claims.ledger.services import set_reserve
from flaskr.claims.models import Claim
from flaskr.claims.provenance import MigratedEntries, migrated_entries
from flaskr.claims.services import UncoversReserved, edit_claim, report_claim
from flaskr.errors import ChangedMeanwhile, ClaimBookError, SentTwice
from flaskr.extensions import db
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.columns import total_names
from flaskr.policies.models import Policy
from flaskr.policies.queries import policy_by_number
from flaskr.users.gate.access import actor
from flaskr.values.as_at import Basis
from flaskr.values.calendar import today
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor
from flaskr.web.parameters import FilterError, has_empty_values


@blueprint.get("")
@takes(ClaimFilter, *PAGE_PARAMETERS)
def index():
    """List claims, filtered and sorted by the URL's parameters; newest first by default."""
    try:
        wanted = ClaimFilter.from_address(request.args)
    except FilterError as error:
        refused = {"wanted": ClaimFilter(), "typed": request.args, "refusal": error}
        return render_template("claims/index.html", **refused), error.status
    if has_empty_values(request.args):
        return redirect(url_for(".index", **wanted.parameters()))
    listing = wanted.listing()
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "claims/index.html",
        wanted=wanted,
        typed=request.args,
        page=page,
        migrated=_migrated(wanted),
        count=listing.count(page, total_names(CLAIM_COLUMNS) if wanted.is_restricted else ()),
    )


def _migrated(wanted: ClaimFilter) -> list[MigratedEntries]:
    """Return the migrations with entries in a known cut; a booked cut is as known today."""
    is_known = wanted.as_at is not None and wanted.basis is Basis.KNOWN
    return migrated_entries(wanted.as_at) if is_known and wanted.as_at else []


def _policy_of(form: ClaimFactsForm) -> Policy | None:
    """Return the policy that a form names; an unknown number becomes an error of the field."""
    number = form.policy_number.data
    policy = policy_by_number(number) if number else None
    if number and policy is None:
        form.policy_number.errors = [f"There is no policy {number} in the book."]
    return policy


@blueprint.route("/new", methods=["GET", "POST"])
@takes("policy")
def report():
    """Report a claim; ?policy= fills in the policy number."""
    form = NewClaimForm()
    if request.method == "GET":
        form.policy_number.data = request.args.get("policy", "")
        form.reported_date.data = today()
    if form.validate_on_submit():
        policy = _policy_of(form)
        if not form.errors:
            try:
                claim = _report(form, policy)
            except SentTwice as error:
                flash("The form was sent twice; the claim was reported once.", "success")
                return redirect(url_for(".show", reference=error.reference), code=303)
            except ClaimBookError as error:
                form.form_errors.append(str(error))
                db.session.rollback()
            else:
                db.session.commit()
                flash(f"Claim {claim.claim_reference} reported.", "success")
                return redirect(url_for(".show", reference=claim.claim_reference), code=303)
    show_day_of_reserve(form.reserve)
    return render_template("claims/new.html", form=form), 422 if form.errors else 200


def _report(form: NewClaimForm, policy: Policy | None) -> Claim:
    """Report the claim of a form, and set its reserve if the form has one."""
    claim = report_claim(
        claim_reference=form.claim_reference.data,
        policy=policy,
        cause=form.cause.data,
        loss_date=form.loss_date.data,
        reported_date=form.reported_date.data,
        event_code=form.event_code.data,
        description=form.description.data,
        form_token=form.form_token.data,
        actor=actor(),
    )
    if form.reserve.data is not None:
        reserve_date = open_day(form.reported_date.data)
        set_reserve(claim, form.reserve.data, reserve_date, actor=actor())
    return claim


@blueprint.route("/<reference:reference>/edit", methods=["GET", "POST"])
def edit_facts(reference: str):
    """Edit the facts of one claim; if somebody else edited it too, show both versions."""
    claim = claim_or_404(reference)
    form = EditClaimForm(obj=claim)
    needs_confirmation = False
    if request.method == "GET":
        form.policy_number.data = claim.policy.policy_number if claim.policy else ""
    if form.validate_on_submit():
        policy = _policy_of(form)
        if not form.errors:
            try:
                edit_claim(claim, _changes_of(form, policy), **_edited_by(form))
            except ChangedMeanwhile:
                db.session.rollback()
                return _show_conflict(claim_or_404(reference), form)
            except ClaimBookError as error:
                form.form_errors.append(str(error))
                needs_confirmation = isinstance(error, UncoversReserved)
                db.session.rollback()
            else:
                db.session.commit()
                flash(f"Claim {reference} saved.", "success")
                return redirect(url_for(".show", reference=reference), code=303)
    page = render_template(
        "claims/edit.html", claim=claim, form=form, needs_confirmation=needs_confirmation
    )
    return page, 422 if form.errors else 200


def _changes_of(form: EditClaimForm, policy: Policy | None) -> dict[str, Any]:
    """Return the facts of the form."""
    return {
        "policy_id": policy.id if policy else None,
        "cause": form.cause.data,
        "loss_date": form.loss_date.data,
        "reported_date": form.reported_date.data,
        "event_code": form.event_code.data,
        "description": form.description.data,
    }


def _edited_by(form: EditClaimForm) -> dict[str, Any]:
    """Return who edits, which version they saw, and whether they confirmed."""
    return {
        "seen_version": form.version.data,
        "actor": actor(),
        "may_uncover": form.accept.data,
    }


def _show_conflict(claim: Claim, form: EditClaimForm):
    """Show the stored facts beside those of the form, to save either."""
    form.version.show(claim.version)
    now = {
        "policy_number": claim.policy.policy_number if claim.policy else "",
        "cause": claim.cause,
        "loss_date": claim.loss_date,
        "reported_date": claim.reported_date,
        "event_code": claim.event_code,
        "description": claim.description,
    }
    return render_template("claims/conflict.html", claim=claim, form=form, now=now), 409
