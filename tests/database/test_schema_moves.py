"""A migration while a process of an older version is running: it refuses to write."""

import logging
import threading

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select

from flaskr.archive.bulk.connections import book_transaction
from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.services import NotRecorded, record_separately
from flaskr.book.models import Counter
from flaskr.database.engine import driver_url
from flaskr.database.schema import migration_config
from flaskr.database.schema_revision import REVISION
from flaskr.database.transactions import separate_write
from flaskr.errors import SchemaError
from flaskr.extensions import db
from flaskr.imports.loading.tasks import LoadTask
from flaskr.users.models import SignInAttempt
from flaskr.users.signing_in.throttling import begin_attempt
from tests.database.moving_schema import MOVED, count, migrating, move, unchecked_writing

pytestmark = pytest.mark.both_databases


def write_in_session() -> None:
    db.session.add(Counter(name="X", value=1))
    db.session.commit()


def read_to_write() -> None:
    db.session.scalar(select(Counter.value))


def write_separately() -> None:
    with separate_write() as connection:
        connection.execute(insert(Counter).values(name="X", value=1))


def write_with_the_engine() -> None:
    with db.engine.begin() as connection:
        connection.execute(insert(Counter).values(name="X", value=1))


def write_in_isolation() -> None:
    with book_transaction(driver_url("rw")) as book:
        book.execute("INSERT INTO counters (name, value) VALUES ('X', 1)")


def record_what_was_read() -> None:
    record_separately(Action.BOOK_EXPORTED, Subject.BOOK, "book", actor="anna@example.com")


def try_to_sign_in() -> None:
    begin_attempt("anna@example.com", "192.0.2.1")


WRITES = (
    write_in_session,
    read_to_write,
    write_separately,
    write_with_the_engine,
    write_in_isolation,
    record_what_was_read,
    try_to_sign_in,
)


def test_this_version_is_made_for_the_newest_migration(session):
    assert ScriptDirectory.from_config(migration_config()).get_heads() == [REVISION]


@pytest.mark.parametrize("write", WRITES)
def test_every_writing_transaction_is_refused_and_logged_after_a_migration(session, write, caplog):
    before = [count(model) for model in (Counter, AuditEvent, SignInAttempt)]
    move()

    with (
        caplog.at_level(logging.ERROR),
        pytest.raises((SchemaError, NotRecorded), match=MOVED) as refused,
    ):  # noqa: E501
        write()

    db.session.rollback()
    assert refused.value.status == 503
    assert [count(model) for model in (Counter, AuditEvent, SignInAttempt)] == before
    assert "refused to write" in caplog.text


@pytest.mark.parametrize("write", WRITES)
def test_the_same_writes_are_taken_before(session, write):
    write()


def test_a_refused_transaction_leaves_no_lock(session):
    move()
    with db.engine.connect() as connection:
        with pytest.raises(SchemaError):
            connection.begin()

        move()  # would wait for a writer


def test_a_schema_without_a_revision_is_refused(session):
    move("DELETE FROM alembic_version")

    with pytest.raises(SchemaError, match="The schema of the book is missing"):
        write_in_session()

    db.session.rollback()
    with unchecked_writing() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(SchemaError, match="The schema of the book is missing"):
        write_in_session()


def test_isolated_work_for_a_process_of_another_version_is_refused(session):
    address = driver_url("rw")
    db.session.remove()

    with (
        pytest.raises(SchemaError, match=f"at revision {REVISION}, and .* made for revision 0001"),
        book_transaction(address, "0001"),
    ):
        pass

    assert LoadTask.revision == REVISION


def in_a_thread(app, work) -> tuple[threading.Thread, list]:
    """Start work in a thread of its own; the list gets its error, or None."""
    outcomes = []

    def run() -> None:
        with app.app_context():
            try:
                work()
            except SchemaError as error:
                outcomes.append(error)
            else:
                outcomes.append(None)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcomes


def test_a_migration_waits_for_the_writers_that_have_begun(session, app):
    session.add(Counter(name="X", value=1))
    session.flush()
    connection = session.connection()

    moving, outcomes = in_a_thread(app, move)
    moving.join(0.3)
    was_waiting = moving.is_alive()
    connection.exec_driver_sql("INSERT INTO counters (name, value) VALUES ('Y', 2)")
    session.commit()
    moving.join()

    assert was_waiting
    assert outcomes == [None]
    assert count(Counter) == 2


@pytest.mark.parametrize("write", [write_in_session, write_in_isolation])
def test_a_writer_that_waited_for_a_migration_is_refused(session, app, write):
    with migrating():
        writing, outcomes = in_a_thread(app, write)
        writing.join(0.3)
        was_waiting = writing.is_alive()
    writing.join()

    assert was_waiting
    assert MOVED in str(outcomes[0])
    assert count(Counter) == 0
