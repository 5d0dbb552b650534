"""Pages to sign in, to sign out, and to set a password by a link."""

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as WerkzeugResponse

from flaskr.audit.models import Action
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.users.forms import SetPasswordForm, SignInForm
from flaskr.users.gate.access import COOKIE_SECRET, current_identity, is_open
from flaskr.users.sessions.services import end_session
from flaskr.users.signing_in.devices import known_device, remember_device
from flaskr.users.signing_in.halfway import keep_half_sign_in
from flaskr.users.signing_in.services import (
    NotSignedIn,
    SignedIn,
    link_owner,
    set_password_by_link,
    sign_in_with_password,
    verify_password,
)
from flaskr.users.signing_in.throttling import TooManyAttempts
from flaskr.web.page_addresses import takes

blueprint = Blueprint("users", __name__)


def _local_path(text: str) -> str:
    """Return the path to go to after signing in: a page of this book, or the front page.

    `text` is a path within the book; what is returned has the prefix the book is mounted under.
    """
    path, _, query = text.partition("?")
    front = url_for("overview.index")
    if not path.startswith("/") or path.startswith("//") or "\\" in text or not text.isprintable():
        return front
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return front
    if endpoint in ("users.sign_in", "users.enter_code", "demo.generate_random_claim"):
        return front
    inside = f"{path}?{query}" if query else path
    return front.removesuffix("/") + inside


@blueprint.route("/sign_in", methods=["GET", "POST"])
@takes("next")
def sign_in():
    """Sign in."""
    if is_open():
        return render_template("users/open.html")
    form = SignInForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
        if current_identity():
            return redirect(_local_path(form.next.data))
    status = 422 if form.is_submitted() else 200
    headers: dict[str, str] = {}
    if form.validate_on_submit():
        try:
            return _enter_password(form)
        except TooManyAttempts as error:
            form.form_errors.append(str(error))
            status, headers = error.status, error.headers
        except NotSignedIn as error:
            form.form_errors.append(str(error))
            g.refusal_recorded = error.is_in_trail  # the gate counts the others
    return render_template("users/sign_in.html", form=form), status, headers


def _enter_password(form: SignInForm) -> WerkzeugResponse:
    """Verify the password, and sign in or go on to the code of the second factor."""
    device = known_device(request.cookies, form.email.data)
    credentials = verify_password(
        form.email.data,
        form.password.data,
        address=request.remote_addr or "",
        device=device.name,
    )
    to = form.next.data or ""
    if credentials.has_second_factor:
        _end_current_session()
        db.session.commit()
        keep_half_sign_in(session, credentials)
        return redirect(url_for(".enter_code", next=to or None), code=303)
    return enter_book(
        sign_in_with_password(
            credentials,
            form.password.data,
            device=device,
            user_agent=request.headers.get("User-Agent", ""),
        ),
        to,
    )


def enter_book(signed_in: SignedIn, to: str) -> WerkzeugResponse:
    """Commit a sign-in, set its cookies, and go to a page of the book."""
    _end_current_session()
    db.session.commit()
    set_session_cookie(signed_in.secret)
    for notice in signed_in.notices:
        flash(notice.text, notice.category)
    response = redirect(_local_path(to), code=303)
    remember_device(response, request.cookies, signed_in.email)
    return response


def set_session_cookie(secret: str) -> None:
    """Replace the whole cookie by a new one with a session's secret."""
    session.clear()
    g.pop("csrf_token", None)  # a page that follows needs a token of the new cookie
    session[COOKIE_SECRET] = secret


@blueprint.post("/sign_out")
def sign_out():
    """Sign out: end the session on the server too, so that copies of its cookie are useless."""
    _end_current_session()
    db.session.commit()
    session.clear()
    flash("You have signed out.", "success")
    response = redirect(url_for(".sign_in"), code=303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _end_current_session() -> None:
    """End the session of the request's cookie, if it has one."""
    identity = current_identity()
    if identity is not None and identity.session_id:
        end_session(
            identity.user_id,
            identity.session_name,
            actor=identity.actor,
            action=Action.SIGNED_OUT,
        )


@blueprint.route("/set_password/<secret>", methods=["GET", "POST"])
def set_password(secret: str):
    """Set a password by a one-time link."""
    owner = link_owner(secret)
    form = SetPasswordForm()
    if form.validate_on_submit():
        try:
            set_password_by_link(secret, form.password.data)
        except ClaimBookError as error:
            db.session.rollback()
            form.form_errors.append(str(error))
        else:
            db.session.commit()
            session.clear()
            flash("Password set. You can sign in now.", "success")
            return redirect(url_for(".sign_in"), code=303)
    page = render_template("users/set_password.html", form=form, user=owner)
    return page, 422 if form.errors else 200
