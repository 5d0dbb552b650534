"""The guard: every request passes it on its way in, and leaves its trace when refused."""

import logging
import re
from contextvars import Token
from datetime import timedelta
from typing import Any, NoReturn
from urllib.parse import quote

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.sansio.utils import host_is_trusted

from flaskr.calendar import utc_now
from flaskr.database import looking
from flaskr.errors import ChangedMeanwhile, LedgerError
from flaskr.extensions import csrf
from flaskr.personal import sees_names
from flaskr.serving import SAFE_METHODS, WITHOUT_DATABASE, require_schema
from flaskr.trail.models import Action, AuditEvent, Subject
from flaskr.trail.services import NotRecorded, Origin, origin, record_apart
from flaskr.users.access import actor, bearer_token, identify, identity, is_open, may
from flaskr.users.home import is_forwarded, is_loopback, refusal
from flaskr.users.identities import NOBODY, PAGE, Identity
from flaskr.users.models import Scope
from flaskr.users.roles import BY_TOKEN, PUBLIC, SEE_NAMES
from flaskr.users.session_services import note_use

logger = logging.getLogger(__name__)

WATCHED = "health.show"  # whoever watches over the book asks for it by any name
ALWAYS_RECORDED = (403, 429)
PATIENCE = 2.0  # seconds: a refusal does not wait long for a writer,
IMPATIENCE = 0.05  # and that of nobody in particular hardly at all: it would hold a thread
MOST_REFUSALS_OF_ONE = 60  # a minute, from one address: nobody fills the trail, or hides others
MOST_REFUSALS = 600
PART_OF_RULE = re.compile(r"<(?:([^<>]*):)?(\w+)>")
NOT_OVER_HTTP = (
    "People sign in to this book, so it answers over https only, or on the machine it runs on. "
    "Whoever runs it can put a proxy with a certificate in front, and set TRUSTED_PROXIES=1."
)
OTHER_NAME = (
    "This book does not go by the name in the address. Whoever runs it can add the name to "
    "TRUSTED_HOSTS."
)
OTHER_SITE = "Another site caused this request. Open the page from the book itself."
SIGN_IN = "Sign in first, or bring a token: Authorization: Bearer …"


def check_where() -> None:
    """Refuse what comes from elsewhere: another machine, name or site, or over plain http."""
    g.identity, g.refusal_recorded = None, False
    set_origin(Origin(PAGE, request.remote_addr or "", g.request_id), is_named=False)
    refuse_other_sites(request.method not in SAFE_METHODS)
    if is_open():
        check_home()
    elif request.endpoint != WATCHED:
        check_way()


def check_who() -> ResponseReturnValue | None:
    """Refuse who may not come in, and say for the rest who asks and whether they see names."""
    if request.endpoint in WITHOUT_DATABASE:
        return None  # a look at who asks would cost more than the file
    g.identity = asking = identify()
    if answer := refused(asking):
        return answer
    if asking is not None:
        is_named = asking.role is None or asking.role in SEE_NAMES
        set_origin(Origin(asking.through, request.remote_addr or "", g.request_id), is_named)
        note_use(asking)
    if asking is not None and asking.token_id:
        g.csrf_valid = True  # a token is not sent by a browser of its own accord
    else:
        csrf.protect(apply_exemptions=True)
    return None


def set_origin(from_where: Origin, is_named: bool) -> None:
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
        abort(403, OTHER_SITE)


def header_names() -> set[str]:
    """Return the names of the request's headers in small letters."""
    return {name.lower() for name in request.headers.keys()}  # noqa: SIM118


def check_home() -> None:
    """Refuse with 403 what did not come straight from this machine."""
    problem = refusal(
        protocol=request.environ.get("SERVER_PROTOCOL", ""),
        remote_address=request.remote_addr or "",
        host=request.headers.get("Host", ""),
        header_names=header_names(),
        server=request.environ.get("SERVER_SOFTWARE", ""),
        access=current_app.config["BOOK_ACCESS"],
    )
    if problem:
        abort(403, problem)


def check_way() -> None:
    """Refuse a name that is not the book's, and passwords and names over plain http."""
    if not host_is_trusted(request.headers.get("Host"), current_app.config["TRUSTED_NAMES"]):
        abort(400, OTHER_NAME)
    if is_forwarded(header_names()) and not current_app.config["TRUSTED_PROXIES"]:
        abort(403, NOT_OVER_HTTP)  # also over https: everybody would have the proxy's address
    if not request.is_secure and not is_loopback(request.remote_addr or ""):
        abort(403, NOT_OVER_HTTP)


def refused(asking: Identity | None) -> ResponseReturnValue | None:
    """Return the answer for who may not come in, or abort with it; None for who may."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC or is_open():
        return None
    if asking is None:
        return ask_to_sign_in()
    if asking.token_id:
        check_token(asking, endpoint)
    if not may(endpoint):
        if endpoint == "demo.generate_random_claim" and not current_app.config["RANDOM_CLAIMS"]:
            abort(403, "Made-up claims are off in this book; RANDOM_CLAIMS=on allows them.")
        abort(403, f"A role other than yours, {asking.role}, does this. Ask an administrator.")
    return None


def check_token(asking: Identity, endpoint: str) -> None:
    """Refuse a token for what it is not for."""
    if endpoint not in BY_TOKEN:
        abort(403, "A token is for files and imports. Sign in to the pages in a browser.")
    if asking.scope is Scope.READ and request.method not in SAFE_METHODS:
        abort(403, "This token only reads. Make one that writes on your account's page.")


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a person to where one signs in, and tell a program what it lacks."""
    if bearer_token() is not None:
        unauthorized(
            "This token is not valid: it is unknown, revoked or expired.", error="invalid_token"
        )
    is_person = "text/html" in request.headers.get("Accept", "")
    if request.method not in SAFE_METHODS or not is_person:
        unauthorized(SIGN_IN)
    here = request.full_path if request.query_string else request.path
    return redirect(f"{url_for('users.sign_in')}?next={quote(here)}", code=303)


def unauthorized(text: str, **details: str) -> NoReturn:
    """Answer 401 with what can be done."""
    raise Unauthorized(text, www_authenticate=WWWAuthenticate("bearer", {**details}))


def record_refusal(response: Response) -> Response:
    """Leave the trace of what was refused: of every refused write, and of pages out of reach."""
    status = response.status_code
    is_write = request.method not in SAFE_METHODS
    is_refused = 400 <= status < 500 and (is_write or status in ALWAYS_RECORDED)
    is_forged = status == 401 and bearer_token() is not None
    if not (is_refused or is_forged) or g.get("refusal_recorded"):
        return response
    who, told = actor(), {"status": status}
    try:
        if is_flooded(who):
            logger.warning("not recorded, there are too many: %s %s", who, told_place(status))
        else:
            patience = IMPATIENCE if who == NOBODY else PATIENCE
            page, place = Subject.PAGE, told_place(status)
            record_apart(Action.REFUSED, page, place, actor=who, after=told, patience=patience)
    except (NotRecorded, DBAPIError, PoolTimeout) as error:
        logger.warning("a refusal was not recorded: %s", error.__cause__ or error)
    return response


def told_place(status: int) -> str:
    """Return what was refused, as the trail keeps it for ever: the page, without what was typed.

    An address may have a secret in it (a one-time link) or a name; only numbers, and references
    that the view found in the book, are said.
    """
    if request.url_rule is None:
        return f"{request.method} (no such page)"
    values = request.view_args or {}
    is_found = status in (ChangedMeanwhile.status, LedgerError.status)

    def told(part: re.Match[str]) -> str:
        kind, name = part[1] or "", part[2]
        is_safe = kind.startswith(("int", "any")) or is_found and name in ("reference", "number")
        return str(values.get(name)) if is_safe else part[0]

    return f"{request.method} {PART_OF_RULE.sub(told, request.url_rule.rule)}"


def is_flooded(who: str) -> bool:
    """Whether somebody has been refused as often, from one address or from all, as is recorded."""
    last = select(AuditEvent.address, AuditEvent.recorded_at).where(
        AuditEvent.actor == who, AuditEvent.action == Action.REFUSED
    )
    with looking() as connection:
        rows = connection.execute(last.order_by(AuditEvent.id.desc()).limit(MOST_REFUSALS)).all()
    since = utc_now() - timedelta(minutes=1)
    lately = [row.address for row in rows if row.recorded_at > since]
    own = lately.count(request.remote_addr or "")
    return own >= MOST_REFUSALS_OF_ONE or len(lately) >= MOST_REFUSALS


def give_back(error: BaseException | None) -> None:
    """Give the thread back as it was."""
    for variable, token in reversed(g.pop("given_back", [])):
        variable.reset(token)


def register(app: Flask) -> None:
    """Set the guard before every request, and a schema that fits before it asks the database.

    Templates may ask who is there and what they may.
    """
    app.before_request(check_where)
    app.before_request(require_schema)
    app.before_request(check_who)
    app.after_request(record_refusal)
    app.teardown_request(give_back)
    app.add_template_global(may)  # in macros too
    app.context_processor(lambda: {"identity": identity(), "is_open_book": is_open()})
