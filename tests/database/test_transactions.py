import sqlite3
import threading
import time

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from flaskr import create_app
from flaskr.book.models import Book, Counter
from flaskr.database import schema_revision, transactions
from flaskr.database.failures import failure_of
from flaskr.database.modes import current_mode, transaction_mode
from flaskr.database.transactions import lock_ledger
from flaskr.errors import SchemaError
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE
from flaskr.users.signing_in import throttling
from tests.books import create_database, make_settings

pytestmark = pytest.mark.both_databases

WRITES = (
    "INSERT INTO counters (name, value) VALUES ('C-2024', 1)",
    "UPDATE book SET currency = 'EUR'",
    "DELETE FROM book",
    "CREATE TABLE mine (id INTEGER)",
)


@pytest.mark.parametrize("write", WRITES)
def test_a_read_transaction_cannot_write(session, write):
    with transaction_mode("read"), pytest.raises(DBAPIError) as refused:
        session.execute(text(write))

    assert not failure_of(refused.value)


def test_a_connection_that_read_can_write_again(session):
    with transaction_mode("read"):
        session.scalar(select(Book.currency))
        session.rollback()

    session.add(Counter(name="X", value=1))
    session.commit()

    assert session.get(Counter, "X").value == 1


def test_a_read_transaction_sees_one_snapshot(session, app):
    with transaction_mode("read"):
        assert session.scalar(select(Counter.value)) is None
        write_in_a_thread(app)

        assert session.scalar(select(Counter.value)) is None
        session.rollback()
        assert session.scalar(select(Counter.value)) == 1


def write_in_a_thread(app):
    def write():
        with app.app_context():
            db.session.add(Counter(name="X", value=1))
            db.session.commit()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()


def test_the_mode_is_restored_also_after_an_error():
    def fail():
        with transaction_mode("read"):
            assert current_mode.get() == "read"
            raise SchemaError("x")

    with pytest.raises(SchemaError):
        fail()

    assert current_mode.get() == "write"


def test_a_row_with_an_unknown_parent_is_refused(session):
    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO claim_revisions (claim_id, replaced_at, replaced_by,"
                " description_changed) VALUES (77, '2024-01-01 00:00:00.000000', 'x', false)"
            )
        )


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30000)],
)
def test_a_sqlite_connection_is_prepared_for_many_writers(sqlite_app, pragma, value):
    assert db.session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_a_sqlite_writer_locks_the_book_from_its_first_statement(sqlite_app, book_folder):
    db.session.scalar(select(Book.currency))  # only a read, but in a write transaction

    with sqlite3.connect(book_folder / BOOK_FILE, timeout=0, isolation_level=None) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

        db.session.rollback()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()


def test_a_sqlite_reader_does_not_block_writers(sqlite_app, book_folder):
    with transaction_mode("read"):
        db.session.scalar(select(Book.currency))
        with sqlite3.connect(book_folder / BOOK_FILE, timeout=0, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        other.close()
        db.session.rollback()


def test_the_ledger_has_one_writer_at_a_time(session, app):
    waited = []

    def write():
        with app.app_context():
            db.session.execute(text("SELECT 1"))
            lock_ledger()
            waited.append(time.monotonic())
            db.session.rollback()

    lock_ledger()
    session.execute(text("SELECT 1"))
    other = threading.Thread(target=write)
    other.start()
    time.sleep(0.3)
    released = time.monotonic()
    session.rollback()
    other.join()

    assert waited[0] >= released


def test_each_advisory_lock_has_its_own_number():
    declared = [
        (module.__name__, name, value)
        for module in (transactions, schema_revision, throttling)
        for name, value in vars(module).items()
        if name.endswith("_LOCK") and isinstance(value, int)
    ]
    numbers = {(name, value) for _, name, value in declared}

    assert len(numbers) >= 4
    assert len({value for _, value in numbers}) == len(numbers)


def test_a_locked_book_failure_of(sqlite_app, book_folder):
    db.session.execute(text("PRAGMA busy_timeout=1"))
    db.session.rollback()
    with sqlite3.connect(book_folder / BOOK_FILE, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(OperationalError) as refused:
            db.session.scalar(select(Book.currency))
    other.close()

    assert failure_of(refused.value)


@pytest.mark.parametrize("statement", ["SELECT 1 FROM nowhere", "SELEC 1", "SELECT nothing"])
def test_a_wrong_statement_does_not_make_the_database_unavailable(session, statement):
    with pytest.raises(DBAPIError) as refused:
        session.execute(text(statement))

    assert not failure_of(refused.value)


def test_a_connection_that_the_server_ended_failure_of(postgres, template_database, tmp_path):
    url = create_database(postgres, "ended", template_database)
    app = create_app(make_settings(tmp_path, database_url=url))
    with app.app_context():
        own = db.session.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [own])
        with pytest.raises(OperationalError) as refused:
            db.session.execute(text("SELECT 1"))
        db.session.rollback()

        assert failure_of(refused.value)
        assert db.session.scalar(text("SELECT 1")) == 1  # the dead connection was replaced
        db.session.rollback()
        db.engine.dispose()
