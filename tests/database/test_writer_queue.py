import fcntl
import gc
import sqlite3
import stat
import threading
import time
from contextlib import closing

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from flaskr.archive.bulk.connections import book_transaction
from flaskr.book.models import Book, Counter
from flaskr.database.engine import driver_url
from flaskr.database.failures import failure_of
from flaskr.database.modes import transaction_mode
from flaskr.database.transactions import separate_write
from flaskr.database.writer_queue import QueuedConnection, holds_turn
from flaskr.errors import BusyError
from flaskr.extensions import db
from flaskr.processes.isolation import Limits, run_isolated
from flaskr.settings import BOOK_FILE

QUEUE_FILE = f"{BOOK_FILE}-writers"
LIMITS = Limits(seconds=20, memory_bytes=2**30)


@pytest.fixture
def folder(sqlite_app, book_folder):
    return book_folder


def connect(folder, timeout=30.0) -> QueuedConnection:
    options = {"isolation_level": None, "timeout": timeout, "check_same_thread": False}
    return sqlite3.connect(folder / BOOK_FILE, factory=QueuedConnection, **options)


def is_free(folder) -> bool:
    with (folder / QUEUE_FILE).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def begin_to_write() -> None:
    db.session.scalar(select(Book.currency))  # only a read, but in a write transaction


def wait_at_most(milliseconds: int) -> None:
    db.session.execute(text(f"PRAGMA busy_timeout={milliseconds}"))
    db.session.rollback()


def test_a_writer_holds_the_queue_until_it_commits(folder):
    begin_to_write()
    assert not is_free(folder)
    assert holds_turn()

    db.session.commit()

    assert is_free(folder)
    assert not holds_turn()


def test_a_reader_does_not_queue(folder):
    with closing(connect(folder)) as other:
        other.begin_immediate()
        with transaction_mode("read"):
            assert db.session.scalars(select(Counter.name)).all() == []
            db.session.rollback()


def test_the_file_is_its_owners_alone_and_stays(folder):
    begin_to_write()
    before = (folder / QUEUE_FILE).stat()
    db.session.commit()
    begin_to_write()
    db.session.rollback()

    assert stat.S_IMODE(before.st_mode) == 0o600
    assert (folder / QUEUE_FILE).stat().st_ino == before.st_ino


def test_a_dropped_connection_leaves_the_queue(folder):
    connection = db.engine.connect()
    connection.execute(text("SELECT 1"))
    assert not is_free(folder)

    del connection
    gc.collect()

    assert is_free(folder)
    assert not holds_turn()


@pytest.mark.parametrize("end", ["invalidate", "close", "rollback", "commit"])
def test_a_connection_that_ends_its_transaction_leaves_the_queue(folder, end):
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert not is_free(folder)

        getattr(connection, end)()

        assert is_free(folder)
        assert not holds_turn()


def test_a_failed_begin_leaves_the_queue(folder):
    wait_at_most(1)
    with closing(sqlite3.connect(folder / BOOK_FILE, isolation_level=None)) as old_program:
        old_program.execute("BEGIN IMMEDIATE")

        with pytest.raises(OperationalError) as refused:
            begin_to_write()

        assert failure_of(refused.value)
        assert is_free(folder)
        assert not holds_turn()


def test_an_error_leaves_the_queue_when_it_is_rolled_back(folder):
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(insert(Counter), [{"name": "X", "value": 1}] * 2)

    assert is_free(folder)


def test_who_waits_too_long_gets_the_error_of_a_locked_book(folder):
    wait_at_most(50)
    with closing(connect(folder)) as other:
        other.wait_for_turn()
        started = time.monotonic()

        with pytest.raises(OperationalError, match="database is locked") as refused:
            begin_to_write()

        assert failure_of(refused.value)
        assert 0.05 <= time.monotonic() - started < 1
    assert db.session.scalar(text("PRAGMA busy_timeout")) == 50
    db.session.rollback()


def test_one_limit_covers_the_queue_and_begin(folder):
    with (
        closing(connect(folder)) as other,
        closing(sqlite3.connect(folder / BOOK_FILE, isolation_level=None)) as old_program,
        closing(connect(folder, timeout=0.6)) as late,
    ):
        old_program.execute("BEGIN IMMEDIATE")
        other.wait_for_turn()
        leaving = threading.Timer(0.4, other.rollback)
        leaving.start()
        started = time.monotonic()

        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            late.begin_immediate()

        assert 0.4 < time.monotonic() - started < 0.9
        leaving.join()


def test_a_page_that_waits_too_long_says_when_to_try_again(sqlite_app, folder, monkeypatch):
    monkeypatch.setattr("flaskr.database.engine.SQLITE_PRAGMAS", ("busy_timeout=20",))
    db.session.remove()
    db.engine.dispose()
    with closing(connect(folder)) as other:
        other.wait_for_turn()

        answer = sqlite_app.test_client().get("/generate_random_claim")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_separate_write_waits_in_the_queue_for_its_own_time(folder):
    started = time.monotonic()
    with closing(connect(folder)) as other:
        other.wait_for_turn()

        with pytest.raises(OperationalError, match="database is locked"), separate_write(0.05):
            pass

    assert 0.05 <= time.monotonic() - started < 1


def test_a_separate_write_ends_the_sessions_turn_first(folder):
    db.session.add(Counter(name="session", value=1))
    db.session.flush()

    with separate_write(0.05) as connection:
        connection.execute(insert(Counter).values(name="separate", value=1))

    assert db.session.scalars(select(Counter.name)).all() == ["separate"]
    db.session.rollback()


def test_a_separate_write_inside_another_waits_for_it_in_vain(folder):
    with separate_write(), pytest.raises(OperationalError, match="locked"), separate_write(0.05):
        pass

    assert is_free(folder)


def test_a_migration_waits_in_the_queue(folder):
    wait_at_most(20)
    with closing(connect(folder)) as other, transaction_mode("migrate"):
        other.wait_for_turn()

        with pytest.raises(OperationalError, match="database is locked"), db.engine.begin():
            pass


def test_isolated_work_waits_in_the_queue(folder, monkeypatch):
    monkeypatch.setattr("flaskr.archive.bulk.connections.SQLITE_PRAGMAS", ("busy_timeout=20",))
    with closing(connect(folder)) as other:
        other.wait_for_turn()
        with pytest.raises(BusyError), book_transaction(driver_url("rw")):
            pass

        other.rollback()
        with book_transaction(driver_url("rw")):
            assert not is_free(folder)

    assert is_free(folder)


def test_isolated_work_does_not_start_while_this_thread_holds_the_queue(folder):
    begin_to_write()
    with pytest.raises(RuntimeError, match="in a writing transaction"):
        run_isolated("tests.isolated_work:double", 21, limits=LIMITS)

    db.session.rollback()
    assert run_isolated("tests.isolated_work:double", 21, limits=LIMITS) == 42


def test_a_queue_that_cannot_be_opened_makes_the_book_unavailable(folder):
    begin_to_write()
    db.session.rollback()
    (folder / QUEUE_FILE).unlink()
    (folder / QUEUE_FILE).mkdir()

    with pytest.raises(OperationalError, match="queue is unusable") as refused:
        begin_to_write()

    assert failure_of(refused.value)
