"""The commands of docs/operating.md that back up and restore a book do so."""

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flaskr import create_app
from flaskr.book.sealing.queries import watermark
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import close_connections, create_database, make_settings
from tests.documentation import text_of
from tests.factories import make_claim

pytestmark = pytest.mark.slow

OPERATING = PROJECT_FOLDER / "docs" / "operating.md"
BACK_UP = {"sqlite": "VACUUM INTO", "postgresql": "pg_dump"}
RESTORE = {"sqlite": "mkdir before", "postgresql": "pg_restore"}


def block_with(words: str) -> str:
    """The one block of commands that has these words."""
    paragraphs = text_of(OPERATING).split("\n\n")
    (found,) = [each for each in paragraphs if each.startswith("    ") and words in each]
    return found


class Operator:
    """Somebody who runs the commands of the page in the folder of an installation."""

    def __init__(self, folder: Path, database_url: str, programs: str) -> None:
        self.folder = folder
        self.settings = make_settings(folder / "instance", database_url=database_url)
        (folder / ".venv").symlink_to(sys.prefix)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT_FOLDER),
            "FLASK_APP": "flaskr:create_app",
            "DATABASE_URL": database_url,
            "INSTANCE_FOLDER": str(folder / "instance"),
            "SECRET_KEY": secrets.token_hex(32),
            "TRUSTED_HOSTS": "claims.example.com",
        }

    def run(self, words: str, seal: str = "", **environment: str) -> tuple[int, str]:
        """Run a block of the page; its exit code and what it printed."""
        outcome = subprocess.run(
            ["bash", "-e", "-c", block_with(words).replace("ID:DIGEST", seal)],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return outcome.returncode, outcome.stdout + outcome.stderr


@pytest.fixture(params=list(BACK_UP))
def operator(request, tmp_path) -> Operator:
    if request.param == "sqlite":
        if not shutil.which("sqlite3"):
            pytest.skip("the program sqlite3 is not installed")
        return Operator(tmp_path, "", "")
    server = request.getfixturevalue("postgres")
    template = request.getfixturevalue("template_database")
    url = create_database(server, tmp_path.name, template)
    return Operator(tmp_path, url, str(server.binaries))


@pytest.fixture
def book(operator):
    """A running book of one claim, of which there is a file with its manifest."""
    app = create_app(operator.settings)
    with app.app_context():
        report_a_claim()
        arguments = ["exports", "claims", "--to", str(operator.folder / "claims.csv"), "--manifest"]
        assert app.test_cli_runner().invoke(args=arguments).exit_code == 0
        yield app
    close_connections(app)


def report_a_claim() -> str:
    """Commit a claim; the seal."""
    make_claim()
    db.session.commit()
    seal = watermark()["seal"]
    db.session.rollback()
    return seal


def test_a_book_is_backed_up_while_it_runs_and_put_back(operator, book):
    kind = db.engine.dialect.name
    sealed = report_a_claim()
    backed_up = operator.run(BACK_UP[kind])
    lost = report_a_claim()
    close_connections(book)

    restored = operator.run(RESTORE[kind])

    assert (backed_up, restored) == ((0, ""), (0, ""))
    code, output = operator.run("claims check --seal", sealed)
    assert code == 0, output
    assert output.count("The book agrees with its ledger: 2 claims") == 2
    code, output = operator.run("claims check --seal", lost)
    assert code == 5
    assert f"this book does not contain the seal {lost}" in output
    assert db.session.scalar(select(func.count(Claim.id))) == 2
    assert report_a_claim() not in (sealed, lost)


def test_an_archive_is_loaded_only_with_the_seal_that_is_expected(operator, book):
    archive = str(operator.folder / "book.zip")
    made = book.test_cli_runner().invoke(args=["exports", "book", archive])
    seal = made.output.partition("last seal")[2].split()[0]
    new = {"INSTANCE_FOLDER": str(operator.folder / "new"), "DATABASE_URL": ""}

    refused = operator.run("import book.zip --expect", f"1:{'0' * 64}", **new)
    loaded = operator.run("import book.zip --expect", seal, **new)

    assert seal == watermark()["seal"]
    assert (refused[0], loaded[0]) == (3, 0), loaded[1]
    assert "Nothing was imported" in refused[1]
    assert "1 claims" in loaded[1]


def test_a_backup_that_was_only_read_since_gives_no_warning(embedded_settings, make_app, tmp_path):
    folder = tmp_path / "restored"
    folder.mkdir()
    with closing(sqlite3.connect(embedded_settings.instance_folder / BOOK_FILE)) as connection:
        connection.execute("VACUUM INTO ?", (str(folder / BOOK_FILE),))
    said = []
    for _ in range(2):
        app = make_app(make_settings(folder))
        said.append(app.test_cli_runner().invoke(args=["claims", "check"]).output)
        close_connections(app)

    assert not any("without a -wal" in text for text in said)
