"""Pages of the second factor: its code when signing in, and setting it up on the account."""

from flask import current_app, flash, g, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm

from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.users.account_views import show_error, signed_in_identity, status_of
from flaskr.users.gate.access import current_identity, is_open, lacks_second_factor
from flaskr.users.second_factor.codes import grouped, picture_of, setup_address
from flaskr.users.second_factor.forms import BeginForm, ChangeFactorForm, CodeForm, FirstCodeForm
from flaskr.users.second_factor.queries import confirmed_factor, recovery_codes_left
from flaskr.users.second_factor.second_step import (
    SecondStepOver,
    email_of_half,
    sign_in_with_code,
)
from flaskr.users.second_factor.services import (
    Renewed,
    WrongCode,
    begin_second_factor,
    confirm_second_factor,
    remove_own_second_factor,
    renew_recovery_codes,
)
from flaskr.users.signing_in.devices import known_device
from flaskr.users.signing_in.halfway import forget_half_sign_in, half_sign_in
from flaskr.users.signing_in.views import blueprint, enter_book, set_session_cookie
from flaskr.web.page_addresses import takes


@blueprint.route("/sign_in/code", methods=["GET", "POST"])
@takes("next")
def enter_code():
    """Enter the code of the second factor, the second step of signing in."""
    half = None if is_open() else half_sign_in(session)
    form = CodeForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
    if half is None:
        return _back_to_password(form)
    if form.validate_on_submit():
        try:
            signed_in = sign_in_with_code(
                half,
                form.entered,
                address=request.remote_addr or "",
                device=known_device(request.cookies, email_of_half(half)),
                user_agent=request.headers.get("User-Agent", ""),
            )
        except (SecondStepOver, ChangedMeanwhile):
            db.session.rollback()
            return _back_to_password(form)
        except ClaimBookError as error:
            _show_code_error(form, error)
        else:
            return enter_book(signed_in, form.next.data or "")
    return render_template("users/second_factor/enter_code.html", form=form), *status_of(form)


def _back_to_password(form: CodeForm):
    """Forget the first step, and go back to it."""
    forget_half_sign_in(session)
    if not (is_open() or current_identity()):
        flash("Enter your password first; after it you have five minutes for the code.", "warning")
    return redirect(url_for(".sign_in", next=form.next.data or None), code=303)


def _show_code_error(form: FlaskForm, error: ClaimBookError) -> None:
    """Show a wrong code at its field, and anything else as on other pages of the account."""
    show_error(form, error)
    if isinstance(error, WrongCode):
        g.refusal_recorded = True
        form.form_errors.clear()
        form.code.errors = [str(error)]


@blueprint.route("/account/second_factor", methods=["GET", "POST"])
def second_factor():
    """Show the user's second factor, or set one up: first the password, then the code."""
    if is_open():
        return render_template("users/open.html")
    identity = signed_in_identity()
    if confirmed_factor(identity.user_id):
        return _show_factor(ChangeFactorForm(formdata=None))
    form = BeginForm()
    if form.validate_on_submit():
        address = request.remote_addr or ""
        try:
            secret = begin_second_factor(identity, form.present.data, address=address)
        except ClaimBookError as error:
            show_error(form, error)
        else:
            db.session.commit()
            return _show_secret(identity.actor, secret)
    page = render_template(
        "users/second_factor/begin.html", form=form, is_required=lacks_second_factor(identity)
    )
    return page, *status_of(form)


def _show_secret(email: str, secret: str):
    """Show the secret as a picture and as text; it is not shown again."""
    return render_template(
        "users/second_factor/scan.html",
        picture=picture_of(setup_address(secret, email, _book_name())),
        secret=grouped(secret),
        form=FirstCodeForm(formdata=None),
    )


def _book_name() -> str:
    """Return what an app shows the book's codes under."""
    names = current_app.config["TRUSTED_NAMES"]
    return f"ClaimBook {names[0].removeprefix('.')}" if names else "ClaimBook"


@blueprint.post("/account/second_factor/confirm", endpoint="confirm_second_factor")
def confirm_own_second_factor():
    """Confirm the second factor by its first code, and show the recovery codes."""
    identity, form = signed_in_identity(), FirstCodeForm()
    if form.validate_on_submit():
        try:
            renewed = confirm_second_factor(
                identity,
                form.code.data,
                address=request.remote_addr or "",
                user_agent=request.headers.get("User-Agent", ""),
            )
        except ClaimBookError as error:
            _show_code_error(form, error)
        else:
            return _show_recovery_codes(renewed)
    # without the secret: whoever sends a wrong code need not be who was shown it
    return render_template("users/second_factor/confirm.html", form=form), *status_of(form)


@blueprint.post("/account/second_factor/recovery_codes", endpoint="renew_recovery_codes")
def renew_own_recovery_codes():
    """Replace the user's recovery codes, and show the new ones."""
    identity, form = signed_in_identity(), ChangeFactorForm()
    if form.validate_on_submit():
        try:
            renewed = renew_recovery_codes(
                identity, form.present.data, form.entered, address=request.remote_addr or ""
            )
        except ClaimBookError as error:
            _show_code_error(form, error)
        else:
            return _show_recovery_codes(renewed)
    return _show_factor(form)


@blueprint.post("/account/second_factor/remove", endpoint="remove_second_factor")
def remove_factor_of_account():
    """Remove the user's own second factor."""
    identity, form = signed_in_identity(), ChangeFactorForm()
    if form.validate_on_submit():
        try:
            secret = remove_own_second_factor(
                identity,
                form.present.data,
                form.entered,
                address=request.remote_addr or "",
                user_agent=request.headers.get("User-Agent", ""),
            )
        except ClaimBookError as error:
            _show_code_error(form, error)
        else:
            db.session.commit()
            set_session_cookie(secret)
            flash("Second factor removed. You are signed out everywhere else.", "success")
            return redirect(url_for(".account"), code=303)
    return _show_factor(form)


def _show_recovery_codes(renewed: Renewed):
    """Commit, and show new recovery codes: only now are they visible."""
    db.session.commit()
    if renewed.session_secret:
        set_session_cookie(renewed.session_secret)
    codes = [grouped(code) for code in renewed.recovery_codes]
    return render_template("users/second_factor/recovery_codes.html", codes=codes)


def _show_factor(form: ChangeFactorForm):
    """Show the second factor that is set, with what can be done to it."""
    identity = signed_in_identity()
    page = render_template(
        "users/second_factor/show.html",
        factor=confirmed_factor(identity.user_id),
        codes_left=recovery_codes_left(identity.user_id),
        form=form,
    )
    return page, *status_of(form)
