"""A reason is kept beside its event: shown, found, in files, and erased without the event."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from flaskr.audit.models import Action, AuditEvent, EventTexts, Subject
from flaskr.audit.services import record_separately
from flaskr.extensions import db
from tests.audit.events import events, make_event

pytestmark = pytest.mark.both_databases

WHY = "Complaint of Zorn"


@pytest.fixture
def reasoned(app):
    with app.app_context():
        make_event(reason=WHY)
        db.session.commit()
        how = {"actor": "bo@example.com", "reason": "Asked by Zorn"}
        record_separately(Action.FILE_EXPORTED, Subject.FILE, "/export_claims", **how)
        yield
        db.session.remove()


def test_it_is_shown_found_and_in_the_file_but_not_in_the_event(reasoned, client):
    page = client.get("/trail?why=zorn").text
    file = client.get("/export_trail?why=complaint&columns=actor,after,reason").text

    assert page.count("reason <strong>") >= 2
    assert WHY in page
    assert file.splitlines()[1:] == [f'"anna@example.com",,"{WHY}"']
    assert not any("Zorn" in f"{event.before}{event.after}" for event in events())


def test_it_can_be_erased_and_not_changed_and_the_event_stays(reasoned, client):
    db.session.execute(update(EventTexts).values(reason=None))
    db.session.commit()

    assert "Zorn" not in client.get("/trail").text
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) >= 2
    with pytest.raises(DBAPIError, match="can only be erased"):
        db.session.execute(update(EventTexts).values(reason="another"))
    db.session.rollback()
