"""No book here: told from one that is behind, and none is made silently where one has been."""

import os
import subprocess
import sys

import psycopg
import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from flaskr import create_app
from flaskr.book.models import Book
from flaskr.database.modes import transaction_mode
from flaskr.database.past_books import files_of_past_book
from flaskr.database.schema import schema_error
from flaskr.errors import SchemaError
from flaskr.exports.kept.services import kept_folder
from flaskr.exports.services import spool_folder
from flaskr.extensions import db
from flaskr.imports.job_folders import JOBS
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import close_connections, create_database, make_settings


@pytest.fixture
def left(tmp_path):
    """An instance folder with kept exports, whose book is gone."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "1.json").write_text("{}")
    return tmp_path


@pytest.fixture
def bookless(left, make_app):
    return make_app(make_settings(left))


@pytest.mark.parametrize(
    "name", ["kept/1", "spool/1", "jobs/1", "export-1.lock", "claimbook.db-wal"]
)
def test_no_book_is_made_where_files_of_one_are(tmp_path, make_app, caplog, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()

    make_app(make_settings(tmp_path))

    assert not (tmp_path / BOOK_FILE).exists()
    assert f"There is no book in {tmp_path}, but files of one" in caplog.text


def test_the_folders_are_those_that_books_make(app):
    folder = app.config["INSTANCE_FOLDER"]
    for made in (kept_folder(app.config), spool_folder(app.config), folder / JOBS):
        (made / "1").mkdir(parents=True)

    assert files_of_past_book(folder) == ["jobs", "kept", "spool"]


def test_a_new_folder_gets_a_book_and_the_log_says_so(tmp_path, make_app):
    for name in ("kept", "jobs"):  # empty ones say nothing
        (tmp_path / name).mkdir()

    app = make_app(make_settings(tmp_path))

    with app.app_context():
        assert db.session.scalar(select(Book.currency)) == "SEK"
        db.session.remove()
    again = make_app(make_settings(tmp_path))
    assert again.test_client().get("/healthz").status_code == 200


def test_every_page_without_a_book_says_where_it_looked_and_what_to_do(bookless, left):
    client = bookless.test_client()

    page, health, visit = (client.get(path) for path in ("/claims", "/healthz", "/"))

    assert (page.status_code, health.status_code, visit.status_code) == (503, 503, 503)
    assert health.json["schema"] == (
        f"There is no book in {left}, but files of one (kept). If there should be one, check "
        "INSTANCE_FOLDER and DATABASE_URL, or restore it from a backup. To make a new, empty book, "
        "run: flask db upgrade"
    )
    assert str(left) in page.text
    assert not (left / BOOK_FILE).exists()


@pytest.mark.parametrize(
    "command_line",
    [["claims", "check"], ["demo", "fill", "--policies", "1", "--claims", "1"], ["users", "list"]],
)
def test_a_command_makes_no_book_where_one_has_been(bookless, left, command_line):
    result = bookless.test_cli_runner().invoke(args=command_line)

    assert result.exit_code == 4
    assert not (left / BOOK_FILE).exists()
    assert "Traceback" not in result.output


def test_an_upgrade_where_a_book_has_been_needs_its_switch(bookless, left, make_app):
    runner = bookless.test_cli_runner()

    refused = runner.invoke(args=["db", "upgrade"])
    tables = tables_of(bookless)
    made = runner.invoke(args=["db", "upgrade", "-x", "new=yes"])

    assert (refused.exit_code, made.exit_code) == (3, 0), made.output
    assert "but the instance folder has kept" in refused.output
    assert "flask db upgrade -x new=yes" in refused.output
    assert tables == []
    assert bookless.test_client().get("/claims").status_code == 200
    assert make_app(make_settings(left)).test_client().get("/claims").status_code == 200


def test_a_refused_upgrade_leaves_a_folder_without_a_book(bookless, left, make_app):
    bookless.test_cli_runner().invoke(args=["db", "upgrade"])

    again = make_app(make_settings(left))

    assert again.test_client().get("/claims").status_code == 503
    assert tables_of(again) == []


def tables_of(app) -> list[str]:
    with app.app_context(), transaction_mode("read"):
        names = db.inspect(db.engine).get_table_names()
        db.engine.dispose()
    return names


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "code"), [(b"y\n", 0), (b"n\n", 3)])
def test_an_upgrade_in_a_terminal_asks(left, typed, code):
    keyboard, terminal = os.openpty()
    os.write(keyboard, typed)

    outcome = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "flask", "-A", "flaskr:create_app", "db", "upgrade"],
        cwd=PROJECT_FOLDER,
        env={"PATH": os.environ["PATH"], "INSTANCE_FOLDER": str(left)},
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(keyboard)
    os.close(terminal)

    assert outcome.returncode == code, outcome.stderr
    assert "the instance folder has kept. Make a new, empty book? [y/N]" in outcome.stdout


@pytest.fixture
def elsewhere(postgres, template_database, tmp_path):
    """The settings of a database whose book is not in the schema of the search path."""
    url = create_database(postgres, tmp_path.name, template_database)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA other")
        connection.execute(f'ALTER DATABASE "{tmp_path.name}" SET search_path = other')
    return make_settings(tmp_path, database_url=url)


def test_an_upgrade_with_another_search_path_needs_its_switch(elsewhere):
    app = create_app(elsewhere)
    with app.app_context():
        problem = str(schema_error() or "")
        with pytest.raises(SchemaError) as refused:
            upgrade()
        still = str(schema_error() or "")
        upgrade(x_arg="new=yes")
        after = str(schema_error() or "")
    close_connections(app)

    assert problem == still
    assert problem == (
        "There is no book in this database. If there should be one, check DATABASE_URL and the "
        "search path. To make a new, empty book, run: flask db upgrade"
    )
    assert str(refused.value) == (
        "There is no book here, but the schema public has a book. To make a new, empty book, run: "
        "flask db upgrade -x new=yes"
    )
    assert after == ""


def test_an_empty_database_is_told_from_one_that_is_behind(postgres, tmp_path):
    app = create_app(make_settings(tmp_path, database_url=create_database(postgres, "empty_one")))
    health = app.test_client().get("/healthz")
    page = app.test_client().get("/claims")
    with app.app_context():
        upgrade()
        after = str(schema_error() or "")
    close_connections(app)

    assert (health.status_code, page.status_code) == (503, 503)
    assert health.json["schema"].startswith("There is no book in this database.")
    assert "There is no book in this database." in page.text
    assert after == ""
