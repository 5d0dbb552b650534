"""The guard: every request passes it on its way in."""

from contextvars import Token
from typing import Any, NoReturn
from urllib.parse import quote

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.sansio.utils import host_is_trusted

from flaskr.audit.services import Origin, origin
from flaskr.extensions import csrf
from flaskr.users.gate.access import (
    bearer_token,
    current_identity,
    identify,
    is_open,
    is_switched_off,
    may,
)
from flaskr.users.gate.local_only import is_forwarded, is_loopback, refusal
from flaskr.users.gate.refusals import record_refusal
from flaskr.users.models import Scope
from flaskr.users.roles import BY_TOKEN, PUBLIC, SEE_NAMES
from flaskr.users.sessions.identities import PAGE, Identity
from flaskr.users.sessions.services import record_use
from flaskr.values.pseudonyms import sees_names
from flaskr.web.request_hooks import SAFE_METHODS, WITHOUT_DATABASE, require_schema

_HEALTH_CHECK = "health.show"  # whoever watches over the book asks for it by any name
_NOT_OVER_HTTP = (
    "This book requires signing in, so it answers only over https, or on the machine it runs on. "
    "Whoever runs it can put a proxy with a certificate in front, and set TRUSTED_PROXIES=1."
)
_UNKNOWN_HOST = (
    "This book does not accept the host name in the address. Whoever runs it can add the name "
    "to TRUSTED_HOSTS."
)
_OTHER_SITE = "Another site caused this request. Open the page from the book itself."
_SIGN_IN = "Sign in first, or send a token: Authorization: Bearer …"


def _check_origin() -> None:
    """Refuse what comes from elsewhere: another machine, name or site, or over plain http."""
    g.identity, g.refusal_recorded = None, False
    _set_origin(Origin(PAGE, request.remote_addr or "", g.request_id), is_named=False)
    refuse_other_sites(request.method not in SAFE_METHODS)
    if is_open():
        _check_local()
    elif request.endpoint != _HEALTH_CHECK:
        _check_transport()


def _check_identity() -> ResponseReturnValue | None:
    """Refuse who may not come in, and say for the rest who asks and whether they see names."""
    if request.endpoint in WITHOUT_DATABASE:
        return None  # a look at who asks would cost more than the file
    g.identity = asking = identify()
    if answer := _access_refusal(asking):
        return answer
    if asking is not None:
        is_named = asking.role is None or asking.role in SEE_NAMES
        _set_origin(Origin(asking.through, request.remote_addr or "", g.request_id), is_named)
        record_use(asking)
    if asking is not None and asking.token_id:
        g.csrf_valid = True  # a token is not sent by a browser of its own accord
    else:
        csrf.protect(apply_exemptions=True)
    return None


def _set_origin(from_where: Origin, is_named: bool) -> None:
    """Say where this request's work comes from, and whether it sees names; until it ends."""
    given: list[tuple[Any, Token[Any]]] = g.setdefault("given_back", [])
    given.append((origin, origin.set(from_where)))
    given.append((sees_names, sees_names.set(is_named)))


def refuse_other_sites(is_strict: bool) -> None:
    """Refuse what another site made this browser send; a plain visit from a link is no harm.

    Strict, a sibling site is another, and so is a visit.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    is_visit = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if site == "cross-site" and (is_strict or not is_visit) or is_strict and site == "same-site":
        abort(403, _OTHER_SITE)


def _header_names() -> set[str]:
    """Return the names of the request's headers in small letters."""
    return {name.lower() for name in request.headers.keys()}  # noqa: SIM118


def _check_local() -> None:
    """Refuse with 403 what did not come straight from this machine."""
    problem = refusal(
        protocol=request.environ.get("SERVER_PROTOCOL", ""),
        remote_address=request.remote_addr or "",
        host=request.headers.get("Host", ""),
        header_names=_header_names(),
        server=request.environ.get("SERVER_SOFTWARE", ""),
        access=current_app.config["BOOK_ACCESS"],
    )
    if problem:
        abort(403, problem)


def _check_transport() -> None:
    """Refuse a name that is not the book's, and passwords and names over plain http."""
    if not host_is_trusted(request.headers.get("Host"), current_app.config["TRUSTED_NAMES"]):
        abort(400, _UNKNOWN_HOST)
    if is_forwarded(_header_names()) and not current_app.config["TRUSTED_PROXIES"]:
        abort(403, _NOT_OVER_HTTP)  # also over https: everybody would have the proxy's address
    if not request.is_secure and not is_loopback(request.remote_addr or ""):
        abort(403, _NOT_OVER_HTTP)


def _access_refusal(asking: Identity | None) -> ResponseReturnValue | None:
    """Return the answer for who may not come in, or abort with it; None for who may."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC or is_open():
        return None
    if asking is None:
        return _require_sign_in()
    if asking.token_id:
        _check_token(asking, endpoint)
    if not may(endpoint):
        if is_switched_off(endpoint):
            abort(403, "Random claims are switched off in this book; RANDOM_CLAIMS=on allows them.")
        abort(403, f"Your role ({asking.role}) may not do this. Ask an administrator.")
    return None


def _check_token(asking: Identity, endpoint: str) -> None:
    """Refuse a token for what it is not for."""
    if endpoint not in BY_TOKEN:
        abort(
            403,
            "A token only gives access to files and imports. Sign in to the pages in a browser.",
        )
    if asking.scope is Scope.READ and request.method not in SAFE_METHODS:
        abort(403, "This token is read-only. Make one that can write, on your account's page.")


def _require_sign_in() -> ResponseReturnValue:
    """Send a person to where one signs in, and tell a program what it lacks."""
    if bearer_token() is not None:
        _unauthorized(
            "This token is not valid: it is unknown, revoked or expired.", error="invalid_token"
        )
    is_person = "text/html" in request.headers.get("Accept", "")
    if request.method not in SAFE_METHODS or not is_person:
        _unauthorized(_SIGN_IN)
    here = request.full_path if request.query_string else request.path
    return redirect(f"{url_for('users.sign_in')}?next={quote(here)}", code=303)


def _unauthorized(text: str, **details: str) -> NoReturn:
    """Answer 401 with what can be done."""
    raise Unauthorized(text, www_authenticate=WWWAuthenticate("bearer", {**details}))


def _reset_context(error: BaseException | None) -> None:
    """Give the thread back as it was."""
    for variable, token in reversed(g.pop("given_back", [])):
        variable.reset(token)


def register_gate(app: Flask) -> None:
    """Set the guard before every request, and a schema that fits before it asks the database.

    Templates may ask who is there and what they may.
    """
    app.before_request(_check_origin)
    app.before_request(require_schema)
    app.before_request(_check_identity)
    app.after_request(record_refusal)
    app.teardown_request(_reset_context)
    app.add_template_global(may)  # in macros too
    app.context_processor(lambda: {"identity": current_identity(), "is_open_book": is_open()})
