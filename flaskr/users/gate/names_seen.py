"""Record in the audit trail who opened a page with names: once an hour for each person and page."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from flask import Response, current_app, request
from sqlalchemy import select

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.services import NotRecorded, record_separately
from flaskr.database.transactions import separate_read
from flaskr.users.gate.access import actor, is_open
from flaskr.values.calendar import utc_now
from flaskr.web.shown_names import shown_about, shows_names

_INTERVAL = timedelta(hours=1)
_PATIENCE = 2.0  # seconds to wait for another writer: waiting holds a thread
_MOST_REMEMBERED = 10_000
_LATEST_EVENTS = 500  # of a person: among them an event of the last hour is looked for

# What a page is about, by its feature and the parts of its address.
_SUBJECTS = {
    ("claims", "reference"): Subject.CLAIM,
    ("policies", "number"): Subject.POLICY,
    ("imports", "number"): Subject.IMPORT,
    ("imports", "name"): Subject.IMPORT,
    ("exports", "name"): Subject.FILE,
}

_Seen = tuple[str, Subject, str]  # who, and the subject


class _Remembered:
    """What this process knows to be recorded, so that most pages need no query."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._recorded: OrderedDict[_Seen, datetime] = OrderedDict()

    def has(self, seen: _Seen) -> bool:
        """Whether it was recorded within the hour."""
        with self._lock:
            at = self._recorded.get(seen)
        return at is not None and at > utc_now() - _INTERVAL

    def add(self, seen: _Seen, at: datetime) -> None:
        """Remember when it was recorded; the oldest are forgotten."""
        with self._lock:
            self._recorded[seen] = at
            self._recorded.move_to_end(seen)
            while len(self._recorded) > _MOST_REMEMBERED:
                self._recorded.popitem(last=False)


def record_names_seen(response: Response) -> Response:
    """Record that names are shown, or answer 503 instead of the page if that is not possible.

    In an open book nobody is known, so nothing is recorded.
    """
    if not shows_names() or request.method == "HEAD" or is_open():
        return response
    try:
        _record_once_an_hour((actor(), *_subject()))
    except NotRecorded as error:
        response.close()
        return current_app.make_response(current_app.handle_user_exception(error))
    return response


def _record_once_an_hour(seen: _Seen) -> None:
    """Record that somebody saw names, unless it is recorded; raises NotRecorded."""
    remembered = current_app.extensions.setdefault("names_seen", _Remembered())
    if remembered.has(seen):
        return
    at = _last_recorded(seen)
    if at is None or at <= utc_now() - _INTERVAL:
        who, kind, subject = seen
        record_separately(Action.NAMES_SEEN, kind, subject, actor=who, patience=_PATIENCE)
        at = utc_now()
    remembered.add(seen, at)


def _last_recorded(seen: _Seen) -> datetime | None:
    """Return when it was last recorded by any process, if it is among the person's latest."""
    who, kind, subject = seen
    latest = select(AuditEvent).where(AuditEvent.actor == who).order_by(AuditEvent.id.desc())
    events = latest.limit(_LATEST_EVENTS).subquery().c
    of_subject = (events.subject_kind == kind, events.subject == subject)
    recorded = select(events.recorded_at).where(events.action == Action.NAMES_SEEN, *of_subject)
    with separate_read() as connection:
        at: datetime | None = connection.scalar(recorded.order_by(events.id.desc()).limit(1))
    return at


def _subject() -> tuple[Subject, str]:
    """Return the claim, policy, import or file that the page is about, else the page."""
    feature = (request.endpoint or "").partition(".")[0]
    for name, value in (request.view_args or {}).items():
        if kind := _SUBJECTS.get((feature, name)):
            return kind, shown_about(str(value))
    rule = request.url_rule.rule if request.url_rule else ""
    return Subject.PAGE, f"GET {rule}"
