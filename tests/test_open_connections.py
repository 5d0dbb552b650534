"""No connection to an embedded book stays open: Python 3.13 warns of those that do."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flaskr import create_app
from flaskr.errors import ClaimBookError
from flaskr.settings import BOOK_FILE
from tests.books import close_connections, make_settings
from tests.test_embedded import change_book

opened: list[sqlite3.Connection] | None = None


def collect(event: str, arguments: tuple) -> None:
    if opened is not None and event == "sqlite3.connect/handle":
        opened.append(arguments[0])


sys.addaudithook(collect)


@contextmanager
def connections() -> Iterator[list[sqlite3.Connection]]:
    """Collect the connections that are opened during the block."""
    global opened
    opened = []
    try:
        yield opened
    finally:
        opened = None


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


def test_a_start_leaves_no_connection_open(embedded_settings):
    with connections() as created:
        create_app(embedded_settings)

    assert created
    assert not any(map(is_open, created))


def test_the_start_that_makes_the_book_leaves_no_connection_open(tmp_path):
    with connections() as created:
        create_app(make_settings(tmp_path))

    assert created
    assert not any(map(is_open, created))


@pytest.mark.parametrize(
    "change", ["UPDATE alembic_version SET version_num = '9999'", "DELETE FROM book"]
)
def test_a_refused_start_leaves_no_connection_open(embedded_settings, book_folder, change):
    change_book(book_folder, change)

    with connections() as created, pytest.raises(ClaimBookError):
        create_app(embedded_settings)

    assert created
    assert not any(map(is_open, created))


def test_a_file_that_is_no_book_is_closed_too(tmp_path):
    (tmp_path / BOOK_FILE).write_text("this is not a database, and longer than a header " * 99)

    with connections() as created, pytest.raises(ClaimBookError):
        create_app(make_settings(tmp_path))

    assert created
    assert not any(map(is_open, created))


def test_pages_files_and_commands_leave_only_pooled_connections_open(sqlite_app):
    with connections() as created:
        client = sqlite_app.test_client()
        for address in ("/", "/claims", "/export_claims", "/imports", "/trail"):
            with client.get(address) as answer:
                assert answer.status_code == 200, address
        filled = sqlite_app.test_cli_runner().invoke(
            args=["demo", "fill", "--policies", "2", "--claims", "3"]
        )
        assert filled.exit_code == 0, filled.output
        assert client.get("/generate_random_claim").status_code == 303
        close_connections(sqlite_app)

    assert created
    assert not any(map(is_open, created))
