"""Pages for administrators: users, and the settings in force."""

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.settings import config_names
from flaskr.users.forms import ROLES, NewPersonForm, PersonForm
from flaskr.users.gate.access import actor
from flaskr.users.gate.local_only import is_forwarded
from flaskr.users.models import User
from flaskr.users.queries import all_users, user_with_email
from flaskr.users.second_factor.queries import confirmed_factor
from flaskr.users.second_factor.services import remove_second_factor
from flaskr.users.services import change_user, create_user, make_link, sign_out_everywhere
from flaskr.users.signing_in.views import blueprint


def _user_or_404(email: str) -> User:
    """Return the user with an e-mail address, or abort with 404."""
    return user_with_email(email) or abort(404, f"There is no user {email[:64]}.")


@blueprint.get("/people")
def people():
    """List the users and what each role may do."""
    return render_template("users/people.html", people=all_users(), roles=ROLES)


@blueprint.route("/people/new", methods=["GET", "POST"])
def new_person():
    """Add a user, and show the link by which they set their password."""
    form = NewPersonForm()
    if form.validate_on_submit():
        try:
            user = create_user(form.email.data, form.name.data, form.role.data, actor=actor())
            secret = make_link(user, actor=actor())
        except ClaimBookError as error:
            db.session.rollback()
            form.form_errors.append(str(error))
        else:
            db.session.commit()
            return _show_link(user, secret)
    return render_template("users/new_person.html", form=form), 422 if form.errors else 200


def _show_link(user: User, secret: str):
    """Show a one-time link; it is not shown again."""
    link = url_for(".set_password", secret=secret, _external=True)
    return render_template("users/link.html", user=user, link=link)


@blueprint.route("/people/<email>", methods=["GET", "POST"])
def person(email: str):
    """Change a user's name and role, and whether they may sign in."""
    user = _user_or_404(email)
    form = PersonForm(obj=user)
    status = 200
    if form.validate_on_submit():
        try:
            change_user(
                user,
                name=form.name.data,
                role=form.role.data,
                is_active=form.is_active.data,
                seen_version=form.version.data or 0,
                actor=actor(),
            )
        except ClaimBookError as error:
            db.session.rollback()
            form.form_errors.append(str(error))
            status = error.status
            user = _user_or_404(email)
            if isinstance(error, ChangedMeanwhile):
                form.version.show(user.version)
        else:
            db.session.commit()
            flash(f"{user.email} saved.", "success")
            return redirect(url_for(".people"), code=303)
    page = render_template(
        "users/person.html",
        user=user,
        form=form,
        second_factor=confirmed_factor(user.id),
        plain=FlaskForm(formdata=None),
    )
    return page, 422 if form.errors and status == 200 else status


@blueprint.post("/people/<email>/link", endpoint="make_link")
def make_persons_link(email: str):
    """Make a one-time link for a user who has lost their password."""
    user = _user_or_404(email)
    secret = make_link(user, actor=actor())
    db.session.commit()
    return _show_link(user, secret)


@blueprint.post("/people/<email>/sign_out")
def sign_person_out(email: str):
    """End all sessions and tokens of a user."""
    user = _user_or_404(email)
    sign_out_everywhere(user, actor=actor())
    db.session.commit()
    flash(f"{email} signed out everywhere.", "success")
    return redirect(url_for(".person", email=email), code=303)


@blueprint.post("/people/<email>/second_factor/remove")
def remove_persons_second_factor(email: str):
    """Remove the second factor of a user who cannot make codes any more."""
    user = _user_or_404(email)
    remove_second_factor(user, actor=actor())
    db.session.commit()
    flash(f"{email} has no second factor any more, and is told so at the next sign-in.", "success")
    return redirect(url_for(".person", email=email), code=303)


@blueprint.get("/settings")
def settings():
    """Show the settings in force, without secrets."""
    shown = {name: current_app.config[key] for name, key in config_names().items()}
    shown["BOOK_ACCESS"] = current_app.config["BOOK_MODE"]
    del shown["DATABASE_URL"]  # it has a password
    shown["DATABASE_URL"] = db.engine.url.set(query={}).render_as_string(hide_password=True)
    arrived = {name: text for name, text in request.headers if is_forwarded({name.lower()})}
    return render_template(
        "users/settings.html", shown=shown, arrived=arrived, understood=_request_as_understood()
    )


def _request_as_understood() -> dict[str, str]:
    """Return what the book takes from this request, after believing its proxies."""
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig", {})
    return {
        "Connection from": before_proxies.get("REMOTE_ADDR") or request.remote_addr or "unknown",
        "Client address": request.remote_addr or "unknown",
        "Scheme": request.scheme,
        "Host": request.host,
        "Prefix": request.root_path or "none",
    }
