"""Read and make audit events."""

import json

from sqlalchemy import select, text

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.services import record
from flaskr.extensions import db


class TrailStart:
    """The last event before this test: events in the shared book cannot be deleted."""

    after = 0


def events() -> list[AuditEvent]:
    """Every event of this test, the oldest first."""
    own = select(AuditEvent).where(AuditEvent.id > TrailStart.after)
    return list(db.session.scalars(own.order_by(AuditEvent.id)))


def actions() -> list[str]:
    return [event.action.value for event in events()]


def only_event(action: Action) -> AuditEvent:
    """The one event of an action."""
    [only] = [event for event in events() if event.action is action]
    return only


def values_of(text: str | None) -> dict:
    """The values in `before` or `after`."""
    return json.loads(text) if text else {}


def make_event(
    action: Action = Action.SIGNED_IN,
    kind: Subject = Subject.USER,
    subject: str = "anna@example.com",
    **how,
) -> None:
    """Record an event."""
    record(action, kind, subject, **{"actor": "anna@example.com", **how})


def refuse_events(dialect: str) -> None:
    """Make the database refuse new events, as if its disk were full."""
    if dialect == "sqlite":
        db.session.execute(
            text(
                "CREATE TRIGGER refuse_events BEFORE INSERT ON audit_events "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    else:
        db.session.execute(
            text("ALTER TABLE audit_events ADD CONSTRAINT no_room CHECK (id < 0) NOT VALID")
        )
    db.session.commit()
