"""Threads, forked children and killed processes in the queue of writers."""

import fcntl
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import text

from flaskr.database.writer_queue import holds_turn
from flaskr.errors import ClaimBookError, SchemaError
from flaskr.extensions import db
from flaskr.privacy.residual_copies import clear_old_pages
from flaskr.settings import PROJECT_FOLDER
from tests.database.test_writer_queue import QUEUE_FILE, connect, is_free

HOLDS_THE_TURN = """
import sys, time
from pathlib import Path
from tests.database.test_writer_queue import connect
connection = connect(Path(sys.argv[1]))
connection.begin_immediate()
connection.execute("UPDATE book SET currency = 'EUR'")
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(sqlite_app, book_folder):
    return book_folder


def test_two_threads_take_turns(folder):
    begun = []
    with closing(connect(folder)) as first, closing(connect(folder)) as second:
        first.wait_for_turn()
        other = threading.Thread(
            target=lambda: (second.wait_for_turn(), begun.append(holds_turn()))
        )
        other.start()
        time.sleep(0.05)
        assert begun == []

        first.rollback()
        other.join(10)

        assert begun == [True]
        assert not holds_turn()  # the other thread does
    assert is_free(folder)


def test_writers_come_in_the_order_in_which_they_asked(folder):
    come = []

    def write(number):
        with closing(connect(folder)) as connection:
            connection.begin_immediate()
            come.append(number)
            connection.commit()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    with closing(connect(folder)) as first:
        first.begin_immediate()
        for writer in writers:
            writer.start()
            time.sleep(0.02)
    for writer in writers:
        writer.join(10)

    assert come == [0, 1, 2, 3, 4, 5]


@contextmanager
def somebody_in_line(folder):
    with (folder / QUEUE_FILE).open("rb") as file:
        place = struct.pack("hhqqi0q", fcntl.F_RDLCK, os.SEEK_SET, 1, 1, 0)  # before all others
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, place)
        yield


def write_with(connection) -> None:
    connection.begin_immediate()
    connection.commit()


def test_a_writer_that_comes_again_at_once_goes_first_but_not_for_ever(folder, monkeypatch):
    monkeypatch.setattr("flaskr.database.writer_queue._SKIPS_LINE_SECONDS", 0.5)
    with closing(connect(folder, timeout=0.02)) as writer:
        write_with(writer)
        with somebody_in_line(folder):
            write_with(writer)
            time.sleep(0.5)

            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                writer.begin_immediate()
        write_with(writer)


def test_another_writer_does_not_go_before_those_in_line(folder):
    with closing(connect(folder)) as first, closing(connect(folder, timeout=0.02)) as second:
        write_with(first)
        with somebody_in_line(folder), pytest.raises(sqlite3.OperationalError):
            second.begin_immediate()


@pytest.mark.slow
def test_the_next_in_line_comes_when_the_holder_is_killed(folder):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_TURN, str(folder)],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder, closing(connect(folder)) as writer:
        assert holder.stdout.readline() == "begun\n"
        killing = threading.Timer(0.1, holder.send_signal, [signal.SIGKILL])
        killing.start()

        started = time.monotonic()
        writer.begin_immediate()

        assert 0.1 <= time.monotonic() - started < 5
        assert holder.wait(10) == -signal.SIGKILL
        assert writer.execute("SELECT currency FROM book").fetchone() == ("SEK",)
        writer.rollback()
    assert is_free(folder)


def test_clearing_old_pages_of_the_file_waits_in_the_queue(folder, monkeypatch):
    monkeypatch.setattr("flaskr.database.engine.SQLITE_PRAGMAS", ("busy_timeout=20",))
    db.session.remove()
    db.engine.dispose()
    with closing(connect(folder)) as other:
        other.wait_for_turn()
        with pytest.raises(ClaimBookError, match="old pages of its file remain"):
            clear_old_pages(overwrites_always=True)

        other.rollback()
        clear_old_pages(overwrites_always=True)

    assert is_free(folder)


def test_a_writer_whose_schema_has_moved_leaves_the_queue(folder):
    with closing(connect(folder)) as migrating:
        migrating.begin_immediate()
        migrating.execute("UPDATE alembic_version SET version_num = '9999'")
        migrating.commit()

    with pytest.raises(SchemaError):
        db.session.scalar(text("SELECT 1"))

    assert not holds_turn()
    assert is_free(folder)


def test_who_gives_up_does_not_keep_others_waiting(folder):
    with closing(connect(folder)) as first, closing(connect(folder, timeout=0.02)) as second:
        first.begin_immediate()
        with pytest.raises(sqlite3.OperationalError):
            second.begin_immediate()
        first.rollback()

        with closing(connect(folder, timeout=0.02)) as third:
            third.begin_immediate()
            assert third.in_transaction


def in_forked_child(work) -> int:
    """The exit code of a forked child that does some work: 0, or 1 after an error."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_waits_like_others(folder):
    def ask():
        assert not holds_turn()
        with closing(connect(folder, timeout=0.02)) as own, pytest.raises(sqlite3.OperationalError):
            own.wait_for_turn()

    with closing(connect(folder)) as connection:
        connection.wait_for_turn()

        assert in_forked_child(ask) == 0
        assert not is_free(folder)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_cannot_end_its_parents_turn(folder):
    with closing(connect(folder)) as connection:
        connection.wait_for_turn()

        assert in_forked_child(connection.rollback) == 0
        assert not is_free(folder)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_in_a_turn_does_not_prolong_it(folder):
    reading, writing = os.pipe()
    with closing(connect(folder)) as connection:
        connection.wait_for_turn()
        child = os.fork()
        if child == 0:  # has the open file until told to end
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        connection.rollback()

        assert is_free(folder)
    os.close(reading)
    os.close(writing)
    os.waitpid(child, 0)
