"""Record refused requests: which page and by whom, never what was typed.

Those of people who are signed in are events of the audit trail; all others are only counted.
"""

import logging
import re
from datetime import timedelta

from flask import Response, g, request
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.refusal_counts import count_refusal
from flaskr.audit.services import NotRecorded, record_separately
from flaskr.database.transactions import separate_read
from flaskr.errors import ChangedMeanwhile, DatabaseUnavailable, LedgerError
from flaskr.users.gate.access import actor, bearer_token, current_identity
from flaskr.users.sessions.identities import NOBODY
from flaskr.values.calendar import utc_now
from flaskr.web.request_hooks import SAFE_METHODS

_logger = logging.getLogger(__name__)

_ALWAYS_RECORDED = (403, 429)
_PATIENCE = 2.0  # seconds to wait for another writer
_ANONYMOUS_PATIENCE = 0.05  # without signing in: waiting would hold a thread
_MAX_PER_ADDRESS = 60  # a minute, per actor and address, so that nobody can fill the trail
_MAX_REFUSALS = 600  # a minute, per actor from all addresses
_METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS")
_NO_PAGE = "(no such page)"
_RULE_VARIABLE = re.compile(r"<(?:([^<>]*):)?(\w+)>")


def record_refusal(response: Response) -> Response:
    """Record a refused write, a forbidden page, throttling or an invalid token."""
    status = response.status_code
    is_write = request.method not in SAFE_METHODS
    is_refused = 400 <= status < 500 and (is_write or status in _ALWAYS_RECORDED)
    is_bad_token = status == 401 and bearer_token() is not None
    if not (is_refused or is_bad_token) or g.get("refusal_recorded"):
        return response
    try:
        if (who := actor()) == NOBODY:
            rule = request.url_rule.rule if request.url_rule else _NO_PAGE
            page = _RULE_VARIABLE.sub(r"<\2>", rule)
            count_refusal(f"{_method()} {page}", status, _ANONYMOUS_PATIENCE)
        else:
            _record_unless_flooded(who, status)
    except (NotRecorded, DatabaseUnavailable, DBAPIError, PoolTimeout) as error:
        _logger.warning("a refusal was not recorded: %s", error.__cause__ or error)
        if current_identity() is None:  # who was not let in is told that, and no more
            g.pop("unavailable", None)
    return response


def _record_unless_flooded(who: str, status: int) -> None:
    """Record a refusal, or only log it if the actor has been refused too often."""
    page = _refused_page(status)
    if _is_flooded(who):
        identity = current_identity()
        number = identity.user_id if identity else 0  # the address may have a name
        _logger.warning("too many refusals, not recorded: user %s, %s", number, page)
        return
    record_separately(
        Action.REFUSED,
        Subject.PAGE,
        page,
        actor=who,
        after={"status": status},
        patience=_PATIENCE,
    )


def _method() -> str:
    """Return the request's method; a client can make up others, and any number of them."""
    return request.method if request.method in _METHODS else "other"


def _refused_page(status: int) -> str:
    """Return the method and the path of the refused page, without what was typed.

    An address can contain a secret (a one-time link) or a name, and the trail is permanent: only
    numbers, and references that the view found in the book, are filled in.
    """
    if request.url_rule is None:
        return f"{_method()} {_NO_PAGE}"
    values = request.view_args or {}
    is_in_book = status in (ChangedMeanwhile.status, LedgerError.status)

    def fill_in(variable: re.Match[str]) -> str:
        converter, name = variable[1] or "", variable[2]
        is_known = is_in_book and name in ("reference", "number")
        is_safe = converter.startswith(("int", "any")) or is_known
        return str(values.get(name)) if is_safe else variable[0]

    return f"{_method()} {_RULE_VARIABLE.sub(fill_in, request.url_rule.rule)}"


def _is_flooded(who: str) -> bool:
    """Whether an actor reached the limit of recorded refusals, by address or in all."""
    refusals = select(AuditEvent.address, AuditEvent.recorded_at).where(
        AuditEvent.actor == who, AuditEvent.action == Action.REFUSED
    )
    with separate_read() as connection:
        latest = refusals.order_by(AuditEvent.id.desc()).limit(_MAX_REFUSALS)
        rows = connection.execute(latest).all()
    since = utc_now() - timedelta(minutes=1)
    addresses = [row.address for row in rows if row.recorded_at > since]
    from_this_address = addresses.count(request.remote_addr or "")
    return from_this_address >= _MAX_PER_ADDRESS or len(addresses) >= _MAX_REFUSALS
