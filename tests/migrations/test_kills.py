"""A migration that is killed leaves the book as it was, or is done; a second run finishes it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import close_connections, create_database
from tests.migrations.old_books import make_old_book

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]
POINTS = 20
DIRECTIONS = {"upgrade": ("0006", "head"), "downgrade": ("head", "0006")}
POSTGRESQL_SCHEMA = """
    SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull::text
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), ''
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname, '', prosrc, ''
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3, 4
"""


class Copies:
    """Copies of one book, to be migrated."""

    def __init__(self, folder: Path, url: str, place: Path, server) -> None:
        self.original, self.url, self.place, self.server = folder, url, place, server
        self.count = 0

    def add(self, kill_at: int | None = None) -> list:
        """Copy the book: its folder and address, and where its migration is killed."""
        self.count += 1
        folder = self.place / str(self.count)
        folder.mkdir(parents=True)
        if not self.url:
            shutil.copy(self.original / BOOK_FILE, folder / BOOK_FILE)
            return [str(folder), "", kill_at]
        name = f"{self.place.parent.name}_{self.place.name}_{self.count}"
        return [str(folder), create_database(self.server, name, name_in(self.url)), kill_at]


def name_in(url: str) -> str:
    return str(make_url(url).database)


def contents(book: list) -> list:
    """Everything in a book: its rows, and its schema with triggers and indexes."""
    folder, url, _ = book
    if not url:
        with closing(sqlite3.connect(Path(folder) / BOOK_FILE)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [line for line in connection.iterdump() if "sqlite_stat" not in line]
    with psycopg.connect(url) as connection:
        found: list = connection.execute(POSTGRESQL_SCHEMA).fetchall()
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        for (table,) in connection.execute(tables).fetchall():
            found += connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608
        return found


def migrate(direction: str, revision: str, books: list[list]) -> list[list[int]]:
    command = [sys.executable, "-m", "tests.migrations.killing", direction, revision]
    done = subprocess.run(
        [*command, json.dumps(books)],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def copies(app, request, tmp_path) -> Copies:
    folder, url = app.config["INSTANCE_FOLDER"], app.config["DATABASE_URL"]
    with app.app_context():
        make_old_book("0006")
    close_connections(app)
    server = request.getfixturevalue("postgres") if url else None
    return Copies(folder, url, tmp_path, server)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_killed_migration_is_done_or_has_done_nothing(copies, direction):
    start, end = DIRECTIONS[direction]
    if start == "head":
        upgraded = copies.add()
        assert migrate("upgrade", "head", [upgraded])[0][0] == 0
        copies = Copies(Path(upgraded[0]), upgraded[1], copies.place / "up", copies.server)
    before_book, after_book = copies.add(), copies.add()
    ((status, statements),) = migrate(direction, end, [after_book])
    assert status == 0
    assert statements > 60
    before, after = contents(before_book), contents(after_book)
    assert before != after
    points = [1 + round(at * statements / (POINTS - 1)) for at in range(POINTS)]
    books = [copies.add(kill_at) for kill_at in points]

    killed = migrate(direction, end, books)
    found = [contents(book) for book in books]
    again = migrate(direction, end, [[folder, url, None] for folder, url, _ in books])

    assert killed == [[-9, 0]] * POINTS
    assert [each == before for each in found] == [True] * (POINTS - 1) + [False]
    assert found[-1] == after
    assert [status for status, _ in again] == [0] * POINTS
    assert all(contents(book) == after for book in books)
