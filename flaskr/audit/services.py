"""Recording: with the work that it tells of, or in a short transaction of its own."""

import getpass
import json
import os
import platform
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.database import separate_write
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.values.calendar import utc_now

BOOK = "book"  # the subject that the whole book is
CHANGED = "changed"  # all that is said of a name or a free text


class NotRecorded(ClaimBookError):
    """Something that must leave its trace, and could not."""

    status = 503


def _command_address() -> str:
    """Return who runs commands, and on which machine; a user without a name by number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # as in a container that was given only a number
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


@dataclass(frozen=True)
class Origin:
    """Where work comes from: through a page, a token or a command; its address, its request."""

    through: str = "command"
    address: str = field(default_factory=_command_address)
    request_id: str = ""


origin: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - frozen


class _Told(TypedDict):
    """What an event tells: who acted, and of what changed the values before and after.

    Of a name or a free text they have CHANGED, and no more.
    """

    actor: str
    before: NotRequired[Mapping[str, Any] | None]
    after: NotRequired[Mapping[str, Any] | None]


def record(
    action: Action,
    subject_kind: Subject,
    subject: str,
    **event: Unpack[_Told],
) -> None:
    """Record what was done, in the session's transaction: both come to pass, or neither."""
    values = event_values(action, subject_kind, subject, **event)
    db.session.add(AuditEvent(**values))


def record_apart(
    action: Action,
    subject_kind: Subject,
    subject: str,
    *,
    patience: float = 30,
    **event: Unpack[_Told],
) -> None:
    """Record what is no write of the book, in a transaction of its own, once the other has ended.

    `patience` is in seconds: how long to wait for another writer of SQLite. Raises NotRecorded when
    the database does not take it.
    """
    values = event_values(action, subject_kind, subject, **event)
    try:
        with separate_write(patience) as connection:
            connection.execute(insert(AuditEvent).values(**values))
    except (DBAPIError, PoolTimeout) as error:
        raise NotRecorded(
            "This must be recorded in the trail, which cannot be written right now, so it was "
            "not done. Please try again in a moment."
        ) from error


def event_values(
    action: Action,
    subject_kind: Subject,
    subject: str,
    **event: Unpack[_Told],
) -> dict[str, Any]:
    """Return the columns of an event of this instant, from where this work comes from."""
    return {
        "recorded_at": utc_now(),
        "actor": event["actor"],
        "action": action,
        "subject_kind": subject_kind,
        "subject": subject,
        **vars(origin.get()),
        "before": written(event.get("before")),
        "after": written(event.get("after")),
    }


def told(row: Any, names: Collection[str], facts: Collection[str]) -> dict[str, Any]:
    """Return what an event says of some columns of a row; of those that are no facts CHANGED."""
    return {name: getattr(row, name) if name in facts else CHANGED for name in names}


def written(values: Mapping[str, Any] | None) -> str | None:
    """Return values as JSON; nothing for none."""
    return json.dumps(values, default=_plain, ensure_ascii=False) if values else None


def _plain(value: Any) -> str:
    """Return an amount, a day or an instant as JSON keeps it: a string of all its digits."""
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    raise TypeError(f"no value of an event: {type(value)}")
