"""The embedded book, which the application creates and migrates when it starts."""

import os
import sqlite3
import subprocess
import sys

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from flaskr import create_app
from flaskr.database.modes import transaction_mode
from flaskr.errors import SchemaError, SettingsError
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import make_settings
from tests.factories import make_claim

WRITES = (
    "INSERT INTO counters (name, value) VALUES ('C-2024', 1)",
    "UPDATE book SET currency = 'EUR'",
    "DELETE FROM book",
    "CREATE TABLE mine (id INTEGER)",
)


STARTS = "from flaskr import create_app; create_app(); print('started')"


@pytest.mark.slow
def test_several_processes_may_start_on_an_empty_folder_at_once(tmp_path):
    starting = [start(tmp_path / "new" / "folder") for _ in range(3)]
    outcomes = [(process.communicate(), process.returncode) for process in starting]

    assert [out for (out, _), _ in outcomes] == ["started\n"] * 3, outcomes
    with sqlite3.connect(tmp_path / "new" / "folder" / BOOK_FILE) as book:
        assert book.execute("SELECT count(*) FROM book").fetchone() == (1,)
        assert book.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    book.close()


def start(folder) -> subprocess.Popen:
    environment = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")
    }
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", STARTS],
        cwd=PROJECT_FOLDER,
        env={**environment, "INSTANCE_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def change_book(folder, statement: str) -> None:
    with sqlite3.connect(folder / BOOK_FILE) as book:
        book.execute(statement)
    book.close()


def test_a_book_from_a_newer_version_is_refused_with_a_message(sqlite_app, book_folder):
    change_book(book_folder, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaError, match="newer version of ClaimBook"):
        create_app(make_settings(book_folder))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"book_currency": "EUR"}, "BOOK_CURRENCY=SEK.*says EUR"),
        ({"book_time_zone": "UTC"}, "BOOK_TIME_ZONE=Europe/Stockholm"),
    ],
)
def test_the_application_does_not_start_with_other_settings_than_the_books(
    sqlite_app, book_folder, changes, message
):
    with pytest.raises(SettingsError, match=message):
        create_app(make_settings(book_folder, **changes))


def test_a_book_without_its_settings_row_is_refused_with_a_message(sqlite_app, book_folder):
    change_book(book_folder, "DELETE FROM book")

    with pytest.raises(SchemaError, match="backup"):
        create_app(make_settings(book_folder))


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
    downgrade(revision="0001", x_arg="discard=yes")
    with transaction_mode("read"):
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        db.session.rollback()
