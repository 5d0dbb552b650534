"""What was refused leaves its trace: which page, by whom; never what was typed."""

import logging
import re
from datetime import timedelta

from flask import Response, g, request
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.services import NotRecorded, record_separately
from flaskr.database import looking
from flaskr.errors import ChangedMeanwhile, LedgerError
from flaskr.users.gate.access import actor, bearer_token
from flaskr.users.sessions.identities import NOBODY
from flaskr.values.calendar import utc_now
from flaskr.web.request_hooks import SAFE_METHODS

_logger = logging.getLogger(__name__)

_ALWAYS_RECORDED = (403, 429)
_PATIENCE = 2.0  # seconds: a refusal does not wait long for a writer,
_ANONYMOUS_PATIENCE = 0.05  # and that of nobody in particular hardly at all: it would hold a thread
_MAX_PER_ADDRESS = 60  # a minute, from one address: nobody fills the trail, or hides others
_MAX_REFUSALS = 600
_RULE_VARIABLE = re.compile(r"<(?:([^<>]*):)?(\w+)>")


def record_refusal(response: Response) -> Response:
    """Leave the trace of what was refused: of every refused write, and of pages out of reach."""
    status = response.status_code
    is_write = request.method not in SAFE_METHODS
    is_refused = 400 <= status < 500 and (is_write or status in _ALWAYS_RECORDED)
    is_forged = status == 401 and bearer_token() is not None
    if not (is_refused or is_forged) or g.get("refusal_recorded"):
        return response
    who, told = actor(), {"status": status}
    try:
        if _is_flooded(who):
            _logger.warning("too many refusals, not recorded: %s %s", who, _refused_page(status))
        else:
            patience = _ANONYMOUS_PATIENCE if who == NOBODY else _PATIENCE
            page, place = Subject.PAGE, _refused_page(status)
            record_separately(Action.REFUSED, page, place, actor=who, after=told, patience=patience)
    except (NotRecorded, DBAPIError, PoolTimeout) as error:
        _logger.warning("a refusal was not recorded: %s", error.__cause__ or error)
    return response


def _refused_page(status: int) -> str:
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

    return f"{request.method} {_RULE_VARIABLE.sub(told, request.url_rule.rule)}"


def _is_flooded(who: str) -> bool:
    """Whether somebody has been refused as often, from one address or from all, as is recorded."""
    last = select(AuditEvent.address, AuditEvent.recorded_at).where(
        AuditEvent.actor == who, AuditEvent.action == Action.REFUSED
    )
    with looking() as connection:
        rows = connection.execute(last.order_by(AuditEvent.id.desc()).limit(_MAX_REFUSALS)).all()
    since = utc_now() - timedelta(minutes=1)
    lately = [row.address for row in rows if row.recorded_at > since]
    own = lately.count(request.remote_addr or "")
    return own >= _MAX_PER_ADDRESS or len(lately) >= _MAX_REFUSALS
