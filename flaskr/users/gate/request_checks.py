"""The checks before every request: where it comes from, who sent it, and what they may do."""

import logging
from contextvars import Token
from typing import Any, NoReturn
from urllib.parse import quote

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.sansio.utils import host_is_trusted

from flaskr.audit.services import Origin, origin
from flaskr.errors import SettingsError
from flaskr.extensions import csrf
from flaskr.users.gate.access import (
    bearer_token,
    current_identity,
    identify,
    is_open,
    is_switched_off,
    lacks_second_factor,
    may,
    may_import,
)
from flaskr.users.gate.caching import keep_out_of_caches
from flaskr.users.gate.forwarding import forwarding_problem
from flaskr.users.gate.local_only import is_forwarded, is_loopback, refusal
from flaskr.users.gate.names_seen import record_names_seen
from flaskr.users.gate.referrers import referrer_problem
from flaskr.users.gate.refusals import record_refusal
from flaskr.users.models import Role, Scope
from flaskr.users.roles import BY_TOKEN, PUBLIC, SEE_NAMES, WITHOUT_SECOND_FACTOR
from flaskr.users.sessions.identities import PAGE, Identity
from flaskr.users.sessions.services import record_use
from flaskr.values.pseudonyms import sees_names
from flaskr.web.request_hooks import SAFE_METHODS, WITHOUT_DATABASE, require_schema

_logger = logging.getLogger(__name__)
_NOT_OVER_HTTP = (
    "This book requires signing in, so it answers only over https, or on the machine it runs on. "
    "Whoever runs it can put a proxy with a certificate in front, and set TRUSTED_PROXIES=1."
)
_UNKNOWN_HOST = (
    "This book does not accept the host name in the address. Whoever runs it can add the name "
    "to TRUSTED_HOSTS."
)
_OTHER_SITE = "Another site caused this request. Open the page from the book itself."
_SET_UP = "Sign in with a browser and set it up; until then your tokens do not work either."
_SIGN_IN = "Sign in first, or send a token: Authorization: Bearer …"


def _check_origin() -> None:
    """Refuse requests from another machine, host name or site, and over plain http."""
    g.identity, g.refusal_recorded = None, False
    _set_origin(Origin(PAGE, request.remote_addr or "", g.request_id), may_see_names=False)
    refuse_other_sites(request.method not in SAFE_METHODS)
    if is_open():
        _check_proxies()
        _check_local()
    elif request.endpoint not in WITHOUT_DATABASE:  # for monitoring, and the look of the refusal
        _check_proxies()
        _check_transport()


def _check_identity() -> ResponseReturnValue | None:
    """Identify the request, refuse it if it has no access, and check its CSRF token."""
    if request.endpoint in WITHOUT_DATABASE:
        return None  # identifying the sender would cost more than the file
    g.identity = identity = identify()
    if answer := _access_refusal(identity):
        return answer
    require_schema()  # now that it is known who would see what is wrong with it
    if identity is not None:
        may_see_names = identity.role is None or identity.role in SEE_NAMES
        address = request.remote_addr or ""
        _set_origin(Origin(identity.through, address, g.request_id), may_see_names)
        record_use(identity)
        g.pop("unavailable", None)  # an old version may go on reading a newer book
    if identity is not None and identity.token_id:
        g.csrf_valid = True  # browsers do not send a bearer token automatically
    else:
        _check_form()
    return None


def _check_form() -> None:
    """Check the CSRF token, and over https the referrer; abort with 400 and the reason."""
    try:
        csrf.protect(apply_exemptions=True)
    except (CSRFError, ValueError):  # ValueError: a referrer that cannot be parsed
        problem = request.is_secure and referrer_problem(request.referrer, request.host)
        if not problem:
            raise  # its page says that the form has expired
        _logger.warning("refused: %s", problem)
        abort(400, problem)


def _set_origin(request_origin: Origin, may_see_names: bool) -> None:
    """Set the origin of this request's work, and whether it sees names, until the request ends."""
    tokens: list[tuple[Any, Token[Any]]] = g.setdefault("context_tokens", [])
    tokens.append((origin, origin.set(request_origin)))
    tokens.append((sees_names, sees_names.set(may_see_names)))


def refuse_other_sites(is_strict: bool) -> None:
    """Abort with 403 if another site caused the request; following a link is allowed.

    `is_strict` also refuses links, and requests from sibling sites of the same domain.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    is_visit = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if site == "cross-site" and (is_strict or not is_visit) or is_strict and site == "same-site":
        abort(403, _OTHER_SITE)


def _header_names() -> set[str]:
    """Return the names of the request's headers in lower case."""
    return {name.lower() for name in request.headers.keys()}  # noqa: SIM118


def _check_proxies() -> None:
    """Abort with 403 unless the trusted proxies say who sent the request, over https."""
    proxies = current_app.config["TRUSTED_PROXIES"]
    if proxies and (problem := forwarding_problem(request.headers, proxies)):
        _logger.warning("refused: %s", problem)
        abort(403, problem)


def _check_local() -> None:
    """Abort with 403 unless the request came directly from this machine."""
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
    """Refuse unknown host names, untrusted proxies, and plain http from another machine."""
    if not host_is_trusted(request.headers.get("Host"), current_app.config["TRUSTED_NAMES"]):
        abort(400, _UNKNOWN_HOST)
    if current_app.config["TRUSTED_PROXIES"]:
        return  # they said so
    if is_forwarded(_header_names()):
        abort(403, _NOT_OVER_HTTP)  # over https too: every client would have the proxy's address
    if not request.is_secure and not is_loopback(request.remote_addr or ""):
        abort(403, _NOT_OVER_HTTP)


def _access_refusal(identity: Identity | None) -> ResponseReturnValue | None:
    """Return the response for a request without access, or abort with it; None with access."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC or is_open():
        return None
    if identity is None:
        return _require_sign_in()
    if identity.token_id:
        _check_token(identity, endpoint)
    if lacks_second_factor(identity) and endpoint not in WITHOUT_SECOND_FACTOR:
        return _require_second_factor(identity)
    if not may(endpoint):
        if is_switched_off(endpoint):
            abort(403, "Random claims are switched off in this book; RANDOM_CLAIMS=on allows them.")
        abort(403, f"Your role ({identity.role}) may not do this. Ask an administrator.")
    return None


def _require_second_factor(identity: Identity) -> ResponseReturnValue:
    """Redirect a browser to where a second factor is set up; refuse anything else."""
    is_visit = request.method in SAFE_METHODS and not identity.token_id
    if is_visit and "text/html" in request.headers.get("Accept", ""):
        return redirect(url_for("users.second_factor"), code=303)
    abort(403, f"Your role ({identity.role}) requires a second factor. {_SET_UP}")


def _check_token(identity: Identity, endpoint: str) -> None:
    """Abort with 403 if the token does not cover the endpoint or the method."""
    if endpoint not in BY_TOKEN:
        abort(
            403,
            "A token only gives access to files and imports. Sign in to the pages in a browser.",
        )
    if identity.scope is Scope.READ and request.method not in SAFE_METHODS:
        abort(403, "This token is read-only. Make one that can write, on your account's page.")


def _require_sign_in() -> ResponseReturnValue:
    """Redirect a browser to the sign-in page; answer 401 to a program or an invalid token."""
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
    """Raise 401 with a WWW-Authenticate header."""
    raise Unauthorized(text, www_authenticate=WWWAuthenticate("bearer", {**details}))


def _reset_context(error: BaseException | None) -> None:
    """Restore the context variables from before the request."""
    for variable, token in reversed(g.pop("context_tokens", [])):
        variable.reset(token)


def _check_second_factor_roles(app: Flask) -> None:
    """Raise SettingsError for a role that does not exist."""
    for name in app.config["SECOND_FACTOR_ROLES"]:
        if name not in list(Role):
            raise SettingsError(
                f"SECOND_FACTOR_ROLES has {name!r}; it takes the roles {', '.join(Role)}."
            )


def register_gate(app: Flask) -> None:
    """Register the checks.

    Templates get `may`, `identity` and `is_open_book`.
    """
    _check_second_factor_roles(app)
    app.before_request(_check_origin)
    app.before_request(_check_identity)
    app.after_request(record_refusal)
    app.after_request(record_names_seen)
    app.after_request(keep_out_of_caches)
    app.teardown_request(_reset_context)
    app.add_template_global(may)  # in macros too
    app.add_template_global(may_import)
    app.context_processor(lambda: {"identity": current_identity(), "is_open_book": is_open()})
