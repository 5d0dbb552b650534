"""Pages of the user's own account: sessions, tokens and password."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from flaskr.audit.models import Action
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.users.forms import ROLES, ChangePasswordForm, TokenForm
from flaskr.users.gate.access import actor, current_identity, is_open
from flaskr.users.queries import sessions_of, tokens_of
from flaskr.users.second_factor.queries import confirmed_factor, recovery_codes_left
from flaskr.users.sessions.identities import Identity
from flaskr.users.sessions.services import end_session, make_token, revoke_token
from flaskr.users.sessions.user_agents import browser_of
from flaskr.users.signing_in.notices import account_events
from flaskr.users.signing_in.services import (
    NotSignedIn,
    recheck_credentials,
    replace_password,
    verify_own_password,
)
from flaskr.users.signing_in.views import blueprint, set_session_cookie
from flaskr.values.calendar import utc_now


def signed_in_identity() -> Identity:
    """Return the identity of the signed-in user; 404 in an open book."""
    identity = current_identity()
    if identity is None or not identity.user_id:
        abort(404, "This book is open without signing in, so there are no accounts.")
    return identity


@blueprint.get("/account")
def account():
    """Show the user's account."""
    if is_open():
        return render_template("users/open.html")
    return _show_account(TokenForm(formdata=None))


def _show_account(form: TokenForm, secret: str = ""):
    """Show the account, with the `secret` of a token that was just made: only now is it visible."""
    identity = signed_in_identity()
    page = render_template(
        "users/account.html",
        role=ROLES[identity.role] if identity.role else "",
        sessions=sessions_of(identity.user_id),
        tokens=tokens_of(identity.user_id),
        second_factor=confirmed_factor(identity.user_id),
        codes_left=recovery_codes_left(identity.user_id),
        events=account_events(identity.actor),
        now=utc_now(),
        browser_of=browser_of,
        form=form,
        plain=FlaskForm(formdata=None),
        secret=secret,
    )
    return page, *status_of(form)


@blueprint.post("/account/tokens", endpoint="make_token")
def make_own_token():
    """Make a token, and show its secret once."""
    identity, form = signed_in_identity(), TokenForm()
    if not form.validate_on_submit():
        return _show_account(form)
    try:
        credentials = verify_own_password(
            identity, form.present.data, address=request.remote_addr or ""
        )
        recheck_credentials(credentials)
        secret = make_token(
            identity.user_id, form.label.data, form.scope.data, form.days.data, actor=actor()
        )
    except ClaimBookError as error:
        show_error(form, error)
        return _show_account(form)
    db.session.commit()
    return _show_account(TokenForm(formdata=None), secret=secret)


@blueprint.post("/account/tokens/<name>/revoke", endpoint="revoke_token")
def revoke_own_token(name: str):
    """Revoke one of the user's tokens."""
    token = revoke_token(signed_in_identity().user_id, name, actor=actor())
    label = token.label
    db.session.commit()
    flash(f"Token “{label}” revoked.", "success")
    return redirect(url_for(".account"), code=303)


@blueprint.post("/account/sessions/<name>/end", endpoint="end_session")
def end_own_session(name: str):
    """End one of the user's sessions."""
    end_session(signed_in_identity().user_id, name, actor=actor(), action=Action.SESSION_ENDED)
    db.session.commit()
    flash("Session ended.", "success")
    return redirect(url_for(".account"), code=303)


@blueprint.route("/account/password", methods=["GET", "POST"])
def change_password():
    """Change the user's password: all sessions end, and a new one starts for this browser."""
    identity, form = signed_in_identity(), ChangePasswordForm()
    if form.validate_on_submit():
        try:
            secret = replace_password(
                identity,
                form.present.data,
                form.password.data,
                address=request.remote_addr or "",
                user_agent=request.headers.get("User-Agent", ""),
                revokes_tokens=form.revoke.data,
            )
        except ClaimBookError as error:
            show_error(form, error)
        else:
            db.session.commit()
            set_session_cookie(secret)
            flash("Password changed. You are signed out everywhere else.", "success")
            return redirect(url_for(".account"), code=303)
    return render_template("users/change_password.html", form=form), *status_of(form)


def show_error(form: FlaskForm, error: ClaimBookError) -> None:
    """Roll back, and show an error on the form or at its field for the current password."""
    db.session.rollback()
    form.answer = error.status, getattr(error, "headers", {})
    if isinstance(error, NotSignedIn):
        g.refusal_recorded = True
        form.present.errors = ["This is not your current password."]
    else:
        form.form_errors.append(str(error))


def status_of(form: FlaskForm) -> tuple[int, dict[str, str]]:
    """Return the status and the headers of a page with a form."""
    return getattr(form, "answer", (422, {})) if form.errors else (200, {})
