"""One's own account: where one is signed in, tokens, the password."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from flaskr.audit.models import Action
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.users.forms import ROLES, ChangePasswordForm, TokenForm
from flaskr.users.gate.access import actor, current_identity, is_open
from flaskr.users.queries import sessions_of, tokens_of
from flaskr.users.sessions.identities import Identity
from flaskr.users.sessions.services import end_session, make_token, revoke_token
from flaskr.users.sessions.user_agents import browser_of
from flaskr.users.signing_in.services import NotSignedIn, recheck_credentials, verify_password
from flaskr.users.signing_in.services import replace_password as change
from flaskr.users.signing_in.views import blueprint, set_session_cookie
from flaskr.values.calendar import utc_now


def _signed_in_identity() -> Identity:
    """Return who is signed in; in an open book nobody is, and there is no account."""
    asking = current_identity()
    if asking is None or not asking.user_id:
        abort(404, "This book is open without signing in, so there are no accounts.")
    return asking


@blueprint.get("/account")
def account():
    """Show one's own account."""
    if is_open():
        return render_template("users/open.html")
    return _show_account(TokenForm(formdata=None))


def _show_account(form: TokenForm, secret: str = ""):
    """Show the account, with a token that was just made: this is the only time to see it."""
    asking = _signed_in_identity()
    page = render_template(
        "users/account.html",
        asking=asking,
        role=ROLES[asking.role] if asking.role else "",
        sessions=sessions_of(asking.user_id),
        tokens=tokens_of(asking.user_id),
        now=utc_now(),
        in_words=browser_of,
        form=form,
        plain=FlaskForm(formdata=None),
        secret=secret,
    )
    return page, *_status_of(form)


@blueprint.post("/account/tokens", endpoint="make_token")
def make_own_token():
    """Make a token, and show it once."""
    asking, form = _signed_in_identity(), TokenForm()
    if not form.validate_on_submit():
        return _show_account(form)
    try:
        kept = verify_password(
            asking.actor, form.present.data, address=request.remote_addr or "", actor=actor()
        )
        recheck_credentials(kept)
        secret = make_token(
            asking.user_id, form.label.data, form.scope.data, form.days.data, actor=actor()
        )
    except ClaimBookError as error:
        _show_error(form, error)
        return _show_account(form)
    db.session.commit()
    return _show_account(TokenForm(formdata=None), secret=secret)


@blueprint.post("/account/tokens/<name>/revoke", endpoint="revoke_token")
def revoke_own_token(name: str):
    """Revoke one of one's own tokens."""
    token = revoke_token(_signed_in_identity().user_id, name, actor=actor())
    label = token.label
    db.session.commit()
    flash(f"Token “{label}” revoked.", "success")
    return redirect(url_for(".account"), code=303)


@blueprint.post("/account/sessions/<name>/end", endpoint="end_session")
def end_own_session(name: str):
    """End one of one's own sessions."""
    end_session(_signed_in_identity().user_id, name, actor=actor(), action=Action.SESSION_ENDED)
    db.session.commit()
    flash("Session ended.", "success")
    return redirect(url_for(".account"), code=303)


@blueprint.route("/account/password", methods=["GET", "POST"])
def change_password():
    """Change one's own password: all sessions end, and this one begins anew."""
    asking, form = _signed_in_identity(), ChangePasswordForm()
    if form.validate_on_submit():
        try:
            secret = change(
                asking,
                form.present.data,
                form.password.data,
                address=request.remote_addr or "",
                program=request.headers.get("User-Agent", ""),
                revokes=form.revoke.data,
            )
        except ClaimBookError as error:
            _show_error(form, error)
        else:
            db.session.commit()
            set_session_cookie(secret)
            flash("Password changed. You are signed out everywhere else.", "success")
            return redirect(url_for(".account"), code=303)
    return render_template("users/change_password.html", form=form), *_status_of(form)


def _show_error(form: FlaskForm, error: ClaimBookError) -> None:
    """Say on a form what was wrong: with the present password, or else."""
    db.session.rollback()
    form.answer = error.status, getattr(error, "headers", {})
    if isinstance(error, NotSignedIn):
        g.refusal_recorded = True
        form.present.errors = ["This is not your current password."]
    else:
        form.form_errors.append(str(error))


def _status_of(form: FlaskForm) -> tuple[int, dict[str, str]]:
    """Return what a page with a form is answered with: the status, and headers."""
    return getattr(form, "answer", (422, {})) if form.errors else (200, {})
