import os
import sqlite3
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from flaskr import create_app
from flaskr.book import Book, Counter
from flaskr.database import lock_ledger, work_mode, working
from flaskr.errors import SchemaError, SettingsError, is_away
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.conftest import create_database, make_settings
from tests.factories import make_claim

WRITES = (
    "INSERT INTO counters (name, value) VALUES ('C-2024', 1)",
    "UPDATE book SET currency = 'EUR'",
    "DELETE FROM book",
    "CREATE TABLE mine (id INTEGER)",
)


@pytest.mark.parametrize("write", WRITES)
def test_read_work_cannot_write(session, write):
    with working("read"), pytest.raises(DBAPIError) as refused:
        session.execute(text(write))

    assert not is_away(refused.value)


def test_a_connection_that_read_can_write_again(session):
    with working("read"):
        session.scalar(select(Book.currency))
        session.rollback()

    session.add(Counter(name="X", value=1))
    session.commit()

    assert session.get(Counter, "X").value == 1


def test_read_work_sees_one_snapshot(session, app):
    with working("read"):
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


def test_the_mode_is_given_back_also_after_a_fault():
    def fail():
        with working("read"):
            assert work_mode.get() == "read"
            raise SchemaError("x")

    with pytest.raises(SchemaError):
        fail()

    assert work_mode.get() == "write"


def test_an_unknown_parent_is_refused(session):
    with pytest.raises(IntegrityError):
        session.execute(
            text(
                "INSERT INTO claim_revisions (claim_id, replaced_at, replaced_by,"
                " description_changed) VALUES (77, '2024-01-01 00:00:00.000000', 'x', false)"
            )
        )


@pytest.fixture
def sqlite_app(tmp_path):
    app = create_app(make_settings(tmp_path))
    with app.app_context():
        yield app
        db.engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30000)],
)
def test_a_sqlite_connection_is_prepared_for_many_writers(sqlite_app, pragma, value):
    assert db.session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_a_sqlite_writer_has_the_book_from_its_first_statement(sqlite_app, tmp_path):
    db.session.scalar(select(Book.currency))  # only a read, but of work that may write

    with sqlite3.connect(tmp_path / BOOK_FILE, timeout=0, isolation_level=None) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

        db.session.rollback()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()


def test_a_sqlite_reader_does_not_hold_writers_up(sqlite_app, tmp_path):
    with working("read"):
        db.session.scalar(select(Book.currency))
        with sqlite3.connect(tmp_path / BOOK_FILE, timeout=0, isolation_level=None) as other:
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


STARTS = "from flaskr import create_app; create_app(); print('started')"


def test_several_processes_may_start_on_an_empty_folder_at_once(tmp_path):
    starting = [start(tmp_path / "new" / "folder") for _ in range(4)]
    outcomes = [(process.communicate(), process.returncode) for process in starting]

    assert [out for (out, _), _ in outcomes] == ["started\n"] * 4, outcomes
    with sqlite3.connect(tmp_path / "new" / "folder" / BOOK_FILE) as book:
        assert book.execute("SELECT count(*) FROM book").fetchone() == (1,)
        assert book.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    book.close()


def start(folder) -> subprocess.Popen:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", STARTS],
        cwd=PROJECT_FOLDER,
        env={**kept, "INSTANCE_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def change_book(folder, statement: str) -> None:
    with sqlite3.connect(folder / BOOK_FILE) as book:
        book.execute(statement)
    book.close()


def test_a_book_from_a_newer_version_is_refused_with_a_message(sqlite_app, tmp_path):
    change_book(tmp_path, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaError, match="newer version of ClaimBook"):
        create_app(make_settings(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"book_currency": "EUR"}, "BOOK_CURRENCY=SEK.*says EUR"),
        ({"book_time_zone": "UTC"}, "BOOK_TIME_ZONE=Europe/Stockholm"),
    ],
)
def test_settings_that_the_book_was_not_made_with_refuse_to_start(
    sqlite_app, tmp_path, changes, message
):
    with pytest.raises(SettingsError, match=message):
        create_app(make_settings(tmp_path, **changes))


def test_a_book_without_its_own_row_is_refused_with_a_message(sqlite_app, tmp_path):
    change_book(tmp_path, "DELETE FROM book")

    with pytest.raises(SchemaError, match="backup"):
        create_app(make_settings(tmp_path))


def test_a_file_that_is_no_book_is_refused_with_a_message(tmp_path):
    (tmp_path / BOOK_FILE).write_text("this is not a database, and longer than a header " * 99)

    with pytest.raises(SchemaError, match="not a SQLite database"):
        create_app(make_settings(tmp_path))


def test_a_failed_migration_leaves_no_connection_without_foreign_keys(sqlite_app):
    make_claim()
    db.session.commit()
    db.session.remove()
    with pytest.raises(SystemExit):
        upgrade(revision="nowhere")
    assert db.session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    db.session.rollback()
    downgrade(revision="0001")
    assert db.session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_a_locked_book_is_away_for_a_while(sqlite_app, tmp_path):
    db.session.execute(text("PRAGMA busy_timeout=1"))
    db.session.rollback()
    with sqlite3.connect(tmp_path / BOOK_FILE, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(OperationalError) as refused:
            db.session.scalar(select(Book.currency))
    other.close()

    assert is_away(refused.value)


@pytest.mark.parametrize("statement", ["SELECT 1 FROM nowhere", "SELEC 1", "SELECT nothing"])
def test_a_mistaken_statement_is_not_a_database_that_is_away(session, statement):
    with pytest.raises(DBAPIError) as refused:
        session.execute(text(statement))

    assert not is_away(refused.value)


def test_a_connection_that_the_server_ended_is_away(postgres, template_database, tmp_path):
    url = create_database(postgres, "ended", template_database)
    app = create_app(make_settings(tmp_path, database_url=url))
    with app.app_context():
        own = db.session.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [own])
        with pytest.raises(OperationalError) as refused:
            db.session.execute(text("SELECT 1"))
        db.session.rollback()

        assert is_away(refused.value)
        assert db.session.scalar(text("SELECT 1")) == 1  # the dead connection was replaced
        db.session.rollback()
        db.engine.dispose()
