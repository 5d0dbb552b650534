"""Pages of policies: the list and a new one. One policy's page shows claims: see claims."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from flaskr.calendar import today
from flaskr.errors import ClaimBookError, SentTwice
from flaskr.extensions import db
from flaskr.paging import Cursor, Listing, asked_for
from flaskr.policies.forms import NewPolicyForm
from flaskr.policies.models import Policy
from flaskr.policies.queries import PolicyStatus, policies
from flaskr.policies.services import record_policy
from flaskr.users.access import actor

blueprint = Blueprint("policies", __name__, url_prefix="/policies")


@blueprint.get("")
def index():
    """Show the policies, newest first, of one status today when asked."""
    status = asked_for(PolicyStatus, request.args.get("status", ""))
    listing = Listing(policies(status, today()), Policy, "policy_number")
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "policies/index.html",
        page=page,
        count=listing.count(),
        status=status,
        statuses=list(PolicyStatus),
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new():
    """Record a policy."""
    form = NewPolicyForm()
    if form.validate_on_submit():
        facts = {name: value for name, value in form.data.items() if name != "csrf_token"}
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
