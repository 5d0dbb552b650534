"""Record audit events: in the session's transaction, or in a short separate one."""

import json
import os
import platform
import pwd
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flaskr.audit.models import Action, AuditEvent, EventTexts, Subject
from flaskr.database.failures import failure_of
from flaskr.database.transactions import separate_write
from flaskr.errors import ClaimBookError, DatabaseUnavailable, SchemaError
from flaskr.extensions import db
from flaskr.values.calendar import utc_now

BOOK = "book"  # the subject of events on the whole book
CHANGED = "changed"  # recorded in place of a name or a free text
_LONGEST_USER = 64 - len("command ()")  # an actor has at most 64 characters


class NotRecorded(ClaimBookError):
    """An event that must be recorded could not be, so the work was not done."""

    status = 503


def _system_user() -> str:
    """Return the operating system's user, or its number if the system has no name for it.

    LOGNAME and USER are not read: whoever runs a command can set them.
    """
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # for example in a container that runs under a bare uid
        return str(number)
    return name if name.isprintable() else str(number)


def command_actor() -> str:
    """Return who runs a command, such as "command (anna)"; an e-mail address has no space."""
    return f"command ({_system_user()[:_LONGEST_USER]})"


def _command_address() -> str:
    """Return user@host of a command."""
    return f"{_system_user()}@{platform.node()}"


@dataclass(frozen=True)
class Origin:
    """Where work comes from: a page, a token or a command; its address and request id."""

    through: str = "command"
    address: str = field(default_factory=_command_address)
    request_id: str = ""


origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - frozen


class _EventDetails(TypedDict):
    """The actor, and the changed values before and after.

    A name or a free text is recorded as CHANGED, never as its value. The reason that somebody gave
    is kept beside the event, where it can be erased.
    """

    actor: str
    reason: NotRequired[str]
    before: NotRequired[Mapping[str, Any] | None]
    after: NotRequired[Mapping[str, Any] | None]


def record(
    action: Action,
    subject_kind: Subject,
    subject: str,
    **event: Unpack[_EventDetails],
) -> None:
    """Add an event to the session, so that it commits or rolls back with the work itself."""
    values = event_values(action, subject_kind, subject, **event)
    reason = event.get("reason")
    db.session.add(AuditEvent(**values, texts=EventTexts(reason=reason) if reason else None))


def record_separately(
    action: Action,
    subject_kind: Subject,
    subject: str,
    *,
    patience: float = 30,
    **event: Unpack[_EventDetails],
) -> None:
    """Record an event that belongs to no write of the book, in a separate transaction.

    It ends the session's transaction first. `patience` is in seconds: how long to wait for another
    writer of SQLite. Raises NotRecorded if the database refuses.
    """
    values = event_values(action, subject_kind, subject, **event)
    try:
        with separate_write(patience) as connection:
            new = insert(AuditEvent).values(**values).returning(AuditEvent.id)
            event_id = connection.scalar(new)
            if reason := event.get("reason"):
                connection.execute(insert(EventTexts).values(event_id=event_id, reason=reason))
    except (SchemaError, DatabaseUnavailable) as error:
        raise _not_recorded(str(error), error.elsewhere) from error
    except (DBAPIError, PoolTimeout) as error:
        failure = failure_of(error)
        why = failure.sentence if failure else "Please try again in a moment."
        raise NotRecorded(
            "This must be recorded in the trail, which cannot be written right now, so it was "
            f"not done. {why}"
        ) from error


def _not_recorded(message: str, elsewhere: str) -> NotRecorded:
    """Return the error, with what pages say of it where people sign in."""
    error = NotRecorded(message)
    error.elsewhere = elsewhere
    return error


def event_values(
    action: Action,
    subject_kind: Subject,
    subject: str,
    **event: Unpack[_EventDetails],
) -> dict[str, Any]:
    """Return the column values of an event that happens now, with the current origin."""
    return {
        "recorded_at": utc_now(),
        "actor": event["actor"],
        "action": action,
        "subject_kind": subject_kind,
        "subject": subject,
        **vars(origin.get()),
        "before": json_of(event.get("before")),
        "after": json_of(event.get("after")),
    }


def event_facts(row: Any, names: Collection[str], facts: Collection[str]) -> dict[str, Any]:
    """Return the values of a row's columns for an event; CHANGED for those not in `facts`."""
    return {name: getattr(row, name) if name in facts else CHANGED for name in names}


def json_of(values: Mapping[str, Any] | None) -> str | None:
    """Return values as JSON, or None without values."""
    return json.dumps(values, default=_plain, ensure_ascii=False) if values else None


def _plain(value: Any) -> str:
    """Return an amount, a date or an instant as a string, for json.dumps."""
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    raise TypeError(f"an event cannot have a value of {type(value)}")
