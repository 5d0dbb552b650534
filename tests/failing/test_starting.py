"""What keeps the book from starting is one sentence, with the right exit code."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from flaskr import create_app
from flaskr.errors import ClaimBookError, SettingsError
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import close_connections, make_settings
from tests.failing.servers import fill, small_disk
from tests.users.serving import free_port, gunicorn_command

ANOTHER_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def flask(*words: str, before: tuple[str, ...] = (), **environment: str):
    """Run a command in a process of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*before, sys.executable, "-m", "flask", "-A", "flaskr:create_app", *words],
        cwd=PROJECT_FOLDER,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def check_sentence(done, exit_code: int, sentence: str) -> None:
    assert done.returncode == exit_code, done.stderr
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def put_a_file_there(folder: Path) -> None:
    folder.write_text("a file")


def make_another_programs_database(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / BOOK_FILE)) as connection:
        connection.execute("CREATE TABLE places (id INTEGER)")
        connection.commit()


def put_a_folder_in_place_of_the_book(folder: Path) -> None:
    (folder / BOOK_FILE).mkdir(parents=True)


def put_text_there(folder: Path) -> None:
    folder.mkdir()
    (folder / BOOK_FILE).write_text("no database at all " * 900)


@pytest.mark.parametrize(
    ("change", "sentence", "exit_code"),
    [
        (put_a_file_there, "INSTANCE_FOLDER", 2),
        (make_another_programs_database, "is the database of another program", 4),
        (put_a_folder_in_place_of_the_book, "is not a file", 4),
        (put_text_there, "is not a SQLite database", 4),
    ],
)
def test_what_is_no_book_is_named_and_left_alone(tmp_path, change, sentence, exit_code):
    folder = tmp_path / "book"
    change(folder)
    before = (folder / BOOK_FILE).read_bytes() if (folder / BOOK_FILE).is_file() else b""

    with pytest.raises(ClaimBookError, match=sentence) as refused:
        create_app(make_settings(folder))

    assert refused.value.exit_code == exit_code
    assert not before or (folder / BOOK_FILE).read_bytes() == before


def test_a_damaged_book_is_served_as_such_and_the_doctor_says_so(template_book, tmp_path, make_app):
    whole = template_book.read_bytes()
    (tmp_path / BOOK_FILE).write_bytes(whole[:4096] + b"\xaa" * (len(whole) - 4096))

    app = make_app(make_settings(tmp_path))
    health = app.test_client().get("/healthz")
    page = app.test_client().get("/claims")
    totals = app.test_cli_runner().invoke(args=["claims", "totals"])
    doctor = app.test_cli_runner().invoke(args=["doctor", "--json"])

    assert (health.status_code, health.json["database"]) == (503, "damaged")
    assert (page.status_code, "is damaged" in page.text) == (503, True)
    assert (totals.exit_code, "is damaged" in totals.stderr) == (4, True)
    assert doctor.exit_code == 5
    assert [each["subject"] for each in json.loads(doctor.stdout)["findings"]].count("schema") == 1


def test_another_server_needs_to_be_told_whom_to_serve(embedded_settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "waitress.server", sys)

    with pytest.raises(SettingsError, match="BOOK_ACCESS has to be set"):
        create_app(make_settings(embedded_settings.instance_folder, book_access=""))

    close_connections(create_app(embedded_settings))


@pytest.mark.parametrize("words", [["upgrade"], ["downgrade", "0009"], ["current"]])
def test_old_code_on_a_newer_book(embedded_settings, make_app, words):
    app = make_app(embedded_settings)
    with closing(sqlite3.connect(embedded_settings.instance_folder / BOOK_FILE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    result = app.test_cli_runner().invoke(args=["db", *words])

    assert result.exit_code == 3, (result.output, result.exception)
    assert "newer version of ClaimBook" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--preload"]])
def test_gunicorn_without_book_access_says_what_to_set_and_ends(tmp_path, options):
    done = subprocess.run(
        [*gunicorn_command(free_port(), workers=1), *options],
        cwd=PROJECT_FOLDER,
        env={"PATH": os.environ["PATH"], "INSTANCE_FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "BOOK_ACCESS has to be set: open" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("database", ["", "postgresql://u@127.0.0.1:1/book"])
def test_a_folder_of_somebody_else(tmp_path, template_book, database):
    (tmp_path / BOOK_FILE).write_bytes(template_book.read_bytes())
    for path in (tmp_path, *tmp_path.parents):
        if path.is_relative_to("/tmp") and path != Path("/tmp"):  # noqa: S108
            path.chmod(0o755)

    done = flask(
        "users",
        "list",
        before=tuple(ANOTHER_USER),
        INSTANCE_FOLDER=str(tmp_path),
        DATABASE_URL=database,
        SECRET_KEY="0f4c9d2ab7e8135566a1d0c3b2e4f7a8998877",
        TRUSTED_HOSTS="localhost",
    )

    check_sentence(done, 2, "cannot be written by the user of this process")


def test_no_folder_for_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/nowhere"])

    with pytest.raises(SettingsError, match="Set TMPDIR"):
        create_app(make_settings(tmp_path))


@pytest.mark.slow
def test_a_disk_without_room_for_a_new_book(tmp_path):
    with small_disk(tmp_path / "disk", 1) as disk:
        fill(disk)

        done = flask("users", "list", INSTANCE_FOLDER=str(disk / "book"))

    assert done.returncode in (2, 4)
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr or "full" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("closes", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_harm_nothing(tmp_path, closes):
    flask("users", "list", INSTANCE_FOLDER=str(tmp_path))
    words = f'"{sys.executable}" -m flask -A flaskr:create_app'
    out = tmp_path / "out.csv"
    command = f'{words} exports claims --to "{out}" {closes}'

    done = subprocess.run(
        ["sh", "-c", command],
        cwd=PROJECT_FOLDER,
        env={"PATH": os.environ["PATH"], "INSTANCE_FOLDER": str(tmp_path)},
    )

    assert done.returncode == 0
    assert out.read_text().startswith('"claim_reference"')
    with closing(sqlite3.connect(tmp_path / BOOK_FILE)) as book:
        assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
