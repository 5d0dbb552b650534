"""The list of policies and the form for a new one; the pages of one policy are in claims."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from flaskr.errors import ClaimBookError, SentTwice
from flaskr.extensions import db
from flaskr.policies.filters import PolicyFilter
from flaskr.policies.forms import NewPolicyForm
from flaskr.policies.services import record_policy
from flaskr.users.gate.access import actor
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor
from flaskr.web.parameters import FilterError, has_empty_values

blueprint = Blueprint("policies", __name__, url_prefix="/policies")


@blueprint.get("")
@takes(PolicyFilter, *PAGE_PARAMETERS)
def index():
    """List policies, filtered and sorted by the URL's parameters; newest first by default."""
    try:
        wanted = PolicyFilter.from_address(request.args)
    except FilterError as error:
        refused = {"wanted": PolicyFilter(), "typed": request.args, "refusal": error}
        return render_template("policies/index.html", **refused), error.status
    if has_empty_values(request.args):
        return redirect(url_for(".index", **wanted.parameters()))
    listing = wanted.listing()
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "policies/index.html",
        wanted=wanted,
        typed=request.args,
        page=page,
        count=listing.count(page),
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new():
    """Record a policy."""
    form = NewPolicyForm()
    if form.validate_on_submit():
        asked = ("csrf_token", "no_identity_number")
        facts = {name: value for name, value in form.data.items() if name not in asked}
        try:
            policy = record_policy(**facts, actor=actor())
        except SentTwice as error:
            flash("The form was sent twice; the policy was recorded once.", "success")
            return redirect(url_for("policies.show", number=error.reference), code=303)
        except ClaimBookError as error:
            form.form_errors.append(str(error))
        else:
            db.session.commit()
            flash(f"Policy {policy.policy_number} recorded.", "success")
            return redirect(url_for("policies.show", number=policy.policy_number), code=303)
    return render_template("policies/new.html", form=form), 422 if form.errors else 200
