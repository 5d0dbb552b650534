"""A copy of the embedded book without its -wal lacks commits, and that is found where it shows."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
from flask_migrate import downgrade, upgrade

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record_separately
from flaskr.book.sealing.queries import watermark
from flaskr.database.commit_note import LastCommit, noted_commit
from flaskr.database.schema import schema_error
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import close_connections, make_settings
from tests.factories import make_claim

WRITES = """
from flaskr import create_app
from flaskr.extensions import db
from tests.factories import make_claim
app = create_app()
with app.app_context():
    print("writing", flush=True)
    while True:
        make_claim()
        db.session.commit()
"""


def start_writer(folder) -> subprocess.Popen:
    """Start a process that records one claim after another; return when it has begun."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITES],
        cwd=PROJECT_FOLDER,
        env={"PATH": os.environ["PATH"], "INSTANCE_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout.readline() == "writing\n"
    return writer


def kill(writer: subprocess.Popen) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.communicate()


@pytest.fixture
def folder(tmp_path, make_app):
    """The folder of a running book whose last claim is in its -wal only: a reader is open."""
    folder = tmp_path / "instance"
    app = make_app(make_settings(folder))
    record_claim(app)
    close_connections(app)  # moves all into the file
    with closing(sqlite3.connect(folder / BOOK_FILE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM claims").fetchone()
        record_claim(app)
        yield folder


def record_claim(app) -> None:
    with app.app_context():
        make_claim()
        db.session.commit()


def copy_of(folder, target, *left_out: str):
    """Copy an instance folder without some of the files beside the book's."""
    names = [f"{BOOK_FILE}{ending}" for ending in left_out]
    return shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*names))


def check(app):
    return app.test_cli_runner().invoke(args=["claims", "check"])


@pytest.mark.parametrize("left_out", [("-wal",), ("-wal", "-shm")])
def test_a_folder_copied_without_its_wal_is_not_served(folder, tmp_path, make_app, left_out):
    app = make_app(make_settings(copy_of(folder, tmp_path / "copy", *left_out)))

    client, result = app.test_client(), check(app)
    health, page = client.get("/healthz"), client.get("/claims")
    assert (health.status_code, page.status_code, result.exit_code) == (503, 503, 5)
    for said in (health.json["schema"], result.stderr):
        assert said.removeprefix("Error: ").startswith("The book's file lacks commits: it ends")
        assert f"but {noted_commit(folder / BOOK_FILE)} were committed here" in said
        assert f"remove {tmp_path}/copy/{BOOK_FILE}-writers" in said


def test_nothing_can_be_written_to_it_so_that_the_evidence_stays(folder, tmp_path, make_app):
    copy = copy_of(folder, tmp_path / "copy", "-wal", "-shm")
    app = make_app(make_settings(copy))
    runner, noted = app.test_cli_runner(), noted_commit(copy / BOOK_FILE)

    upgraded = runner.invoke(args=["db", "upgrade"])
    filled = runner.invoke(args=["demo", "fill", "--policies", "1", "--claims", "1"])
    with app.app_context():
        record_separately(Action.REFUSED, Subject.PAGE, "x", actor="x")

    assert (upgraded.exit_code, filled.exit_code) == (3, 5)
    assert "lacks commits" in upgraded.output
    assert noted_commit(copy / BOOK_FILE) == noted
    assert check(make_app(make_settings(copy))).exit_code == 5


def test_who_wants_the_older_book_removes_the_note_and_goes_on(folder, tmp_path, make_app):
    copy = copy_of(folder, tmp_path / "copy", "-wal", "-shm")
    close_connections(make_app(make_settings(copy)))
    (copy / f"{BOOK_FILE}-writers").unlink()

    app = make_app(make_settings(copy))

    assert app.test_client().get("/claims").status_code == 200
    assert check(app).exit_code == 0


def test_an_event_of_the_trail_that_is_lost_is_found_too(sqlite_app, book_folder, tmp_path):
    db.session.remove()
    with closing(sqlite3.connect(book_folder / BOOK_FILE)) as book:
        book.execute(f"VACUUM INTO '{tmp_path / 'backup'}'")
    record_separately(Action.SIGNED_IN, Subject.USER, "x", actor="x")
    db.engine.dispose()
    shutil.copy(tmp_path / "backup", book_folder / BOOK_FILE)

    problem = str(schema_error())

    assert "it ends with no seal and event 0 of the trail, but no seal and event 1" in problem


def test_a_file_alone_is_warned_of_unless_it_is_a_backup(folder, tmp_path, make_app, caplog):
    lost, whole = tmp_path / "lost", tmp_path / "whole"
    for each in (lost, whole):
        each.mkdir()
    shutil.copy(folder / BOOK_FILE, lost)
    with closing(sqlite3.connect(folder / BOOK_FILE)) as book:
        book.execute(f"VACUUM INTO '{whole / BOOK_FILE}'")

    app, backup = make_app(make_settings(lost)), make_app(make_settings(whole))

    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{lost / BOOK_FILE} was copied here without a -wal: if the book was ")
    assert [result.exit_code for result in (check(app), check(backup))] == [0, 0]
    assert said in check(app).stderr
    assert check(backup).stderr == ""
    assert "claims, 0 entries" in check(backup).stdout
    assert (
        f"The last event of the trail is {noted_commit(folder / BOOK_FILE).event_id}\n"
        in check(backup).stdout
    )


def test_a_book_that_was_stopped_or_killed_is_not_warned_of(tmp_path, make_app, caplog):
    app = make_app(make_settings(tmp_path))
    record_claim(app)
    killed = copy_of(tmp_path, tmp_path / "killed")  # as kill -9 leaves it
    close_connections(app)

    for folder in (tmp_path, killed):
        assert check(make_app(make_settings(folder))).exit_code == 0

    assert caplog.records == []


def test_a_shm_without_a_wal_is_warned_of(tmp_path, make_app, caplog):
    close_connections(make_app(make_settings(tmp_path)))
    (tmp_path / f"{BOOK_FILE}-shm").touch()

    make_app(make_settings(tmp_path))

    assert f"{BOOK_FILE}-wal is missing, which was there when" in caplog.text


def test_a_note_that_is_behind_or_torn_is_no_loss(sqlite_app, book_folder):
    queue = book_folder / f"{BOOK_FILE}-writers"
    make_claim()
    db.session.commit()
    before = queue.read_bytes()
    make_claim()
    db.session.commit()
    after = queue.read_bytes()

    for note in (before, before[:40] + after[40:], b"", b"x" * 128):
        queue.write_bytes(note)
        assert schema_error() is None

    seal = watermark()["seal"]
    assert noted_commit(book_folder / BOOK_FILE) is None
    make_claim()
    db.session.commit()
    assert noted_commit(book_folder / BOOK_FILE) != LastCommit(0, "0", 0)
    assert before != after
    assert seal.encode() in after


def test_a_rollback_and_a_migration_leave_a_true_note(sqlite_app, book_folder):
    make_claim()
    db.session.commit()
    noted = noted_commit(book_folder / BOOK_FILE)
    make_claim()
    db.session.rollback()

    assert noted_commit(book_folder / BOOK_FILE) == noted
    downgrade(revision="0001", x_arg="discard=yes")
    assert noted_commit(book_folder / BOOK_FILE) is None
    upgrade()
    assert schema_error() is None


@pytest.mark.slow
def test_a_writer_killed_at_any_time_is_no_loss(tmp_path, make_app):
    chance = random.Random(7)
    for _ in range(12):
        writer = start_writer(tmp_path)
        time.sleep(chance.uniform(0.01, 0.4))
        kill(writer)

        app = make_app(make_settings(tmp_path))

        assert app.test_client().get("/healthz").status_code == 200
        close_connections(app)
    assert check(make_app(make_settings(tmp_path))).exit_code == 0


@pytest.mark.slow
def test_a_file_copied_from_a_running_or_killed_book_is_found(tmp_path, make_app):
    running = tmp_path / "running"
    writer = start_writer(running)
    time.sleep(1)
    os.kill(writer.pid, signal.SIGSTOP)
    copies = [copy_of(running, tmp_path / "while", "-wal", "-shm")]
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(running / BOOK_FILE, alone)
    kill(writer)
    copies.append(copy_of(running, tmp_path / "after", "-wal"))

    assert [check(make_app(make_settings(copy))).exit_code for copy in copies] == [5, 5]
    assert "was copied here without a -wal" in check(make_app(make_settings(alone))).stderr
    assert check(make_app(make_settings(running))).exit_code == 0
