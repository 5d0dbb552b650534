"""Commands on the whole book record one event each, in the transaction of their work."""

import pytest

from flaskr.archive.services import import_archive, write_archive
from flaskr.audit.models import Action
from flaskr.audit.services import NotRecorded
from flaskr.book.sealing.queries import watermark
from flaskr.extensions import db
from tests.audit.events import actions, only_event, refuse_events, values_of
from tests.books import make_settings
from tests.factories import ACTOR, make_claim


def test_filling_a_book_is_recorded_with_its_options(session, runner):
    done = runner.invoke(args=["demo", "fill", "--policies", "20", "--claims", "30"])

    event = only_event(Action.BOOK_FILLED)
    assert done.exit_code == 0
    assert (event.actor, event.subject, event.through) == ("command", "book", "command")
    assert values_of(event.after).keys() == {"policies", "claims", "entries"}
    assert values_of(event.after)["claims"] == 30


def test_exporting_and_loading_an_archive_are_recorded_in_each_book(
    session, make_app, template_book, tmp_path
):
    make_claim(claim_reference="W-1")
    session.commit()
    written = write_archive(tmp_path / "book.zip", actor=ACTOR)
    exported = only_event(Action.BOOK_EXPORTED)
    assert values_of(exported.after) == {
        "file": "book.zip",
        "size": written.size,
        "sha256": written.sha256,
        "seal": watermark()["seal"],
    }
    session.remove()
    other = tmp_path / "other"
    other.mkdir()

    with make_app(make_settings(other)).app_context():
        import_archive(tmp_path / "book.zip", actor=ACTOR)
        loaded = only_event(Action.BOOK_LOADED)
        assert actions() == ["book_loaded"]
        assert values_of(loaded.after)["claims"] == 1
        db.session.remove()


def test_an_archive_that_cannot_be_recorded_is_not_there(session, tmp_path):
    refuse_events(db.engine.dialect.name)

    with pytest.raises(NotRecorded):
        write_archive(tmp_path / "book.zip", actor=ACTOR)

    assert list(tmp_path.glob("book.zip*")) == []
