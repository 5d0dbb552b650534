"""The trail is append-only: the database itself refuses changes, from raw SQL too."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.audit.events import events, make_event

pytestmark = pytest.mark.both_databases


@pytest.fixture
def trail(rolled_back):
    """A session whose book has two events."""
    make_event()
    make_event(actor="bo@example.com")
    rolled_back.flush()
    return rolled_back


def refused(session, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET id = id",
        "UPDATE audit_events SET actor = 'nobody'",
        "UPDATE audit_events SET after = NULL WHERE actor = 'bo@example.com'",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE id = (SELECT max(id) FROM audit_events)",
    ],
)
def test_no_event_is_changed_or_deleted(trail, statement):
    refused(trail, statement)

    assert len(events()) == 2


def test_no_event_is_replaced_by_its_id_nor_are_all_emptied_at_once(trail):
    copied = "audit_events SELECT * FROM audit_events"
    if trail.get_bind().dialect.name == "postgresql":
        refused(trail, f"INSERT INTO {copied} ON CONFLICT (id) DO UPDATE SET actor = 'nobody'")
        refused(trail, "TRUNCATE audit_events, event_texts")
    else:
        for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
            refused(trail, f"{verb} INTO {copied}")
        refused(trail, "UPDATE OR REPLACE audit_events SET id = 1")

    assert [event.actor for event in events()] == ["anna@example.com", "bo@example.com"]


def test_the_orm_cannot_change_an_event_either(trail):
    events()[0].actor = "nobody"

    with pytest.raises(DBAPIError, match="append-only"):
        trail.flush()
