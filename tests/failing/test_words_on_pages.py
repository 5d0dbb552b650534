"""Whatever breaks, no page shows a driver's words, an address of the database, or a path."""

import os
import re
import shutil
import socket
import sqlite3
from contextlib import closing

import pytest

from flaskr.settings import BOOK_FILE
from flaskr.users.models import Role
from tests.books import make_settings
from tests.users.people import signed_in_client, signed_in_settings

DRIVERS = re.compile(
    r"SELECT |INSERT |SQLite|sqlite3|psycopg|libpq|OperationalError|alembic|FATAL|connection to "
    r"server|no such table|malformed|disk image|Traceback|db upgrade|claimbook\.db",
)


def addresses(app) -> list[str]:
    """Every page that takes no value in its path."""
    rules = app.url_map.iter_rules()
    return sorted({rule.rule for rule in rules if not rule.arguments and "GET" in rule.methods})


def check_words(app, client, *secrets: str, statuses: tuple[int, ...]) -> None:
    for address in addresses(app):
        for headers in ({"Accept": "text/html"}, {"Authorization": "Bearer cb_x"}):
            answer = client.get(address, headers=headers, buffered=True)
            text = answer.text + str(answer.headers)
            assert answer.status_code in statuses, (address, answer.status_code)
            if answer.status_code == 200:  # it still works, such as the page of settings
                continue
            assert not DRIVERS.search(text), (address, DRIVERS.search(text)[0])
            assert not [each for each in secrets if each in text], (address, text)


def test_a_server_that_is_away_names_nothing_of_its_address(tmp_path, make_app):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        url = f"postgresql://kalle_u:kalle_p@127.0.0.1:{port}/kalle_b"
        app = make_app(signed_in_settings(make_settings(tmp_path, database_url=url)))
        secrets = ("kalle_", port, "127.0.0.1", str(tmp_path))

        check_words(app, app.test_client(), *secrets, statuses=(303, 401, 503))
        with app.test_client() as client:
            with client.session_transaction() as cookie:
                cookie["signed_in"] = "a secret that has to be looked up"
            check_words(app, client, *secrets, statuses=(303, 401, 503))


def remove(book) -> None:
    book.unlink()


def replace(book) -> None:
    shutil.copy(book, book.with_name("other"))
    os.replace(book.with_name("other"), book)


def put_a_folder_there(book) -> None:
    book.unlink()
    book.mkdir()


def overwrite(book) -> None:
    book.write_bytes(b"no database at all" * 9_000)


def damage(book) -> None:
    size = book.stat().st_size
    with book.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def change_schema(book) -> None:
    run(book, "UPDATE alembic_version SET version_num = '0001'")


def make_newer(book) -> None:
    run(book, "UPDATE alembic_version SET version_num = '9999'")


def drop_users(book) -> None:
    run(book, "DROP TABLE sessions", "DELETE FROM alembic_version")


def run(book, *statements: str) -> None:
    with closing(sqlite3.connect(book)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


CHANGES = (remove, replace, put_a_folder_there, overwrite, damage, change_schema, make_newer)
CHANGES += (drop_users,)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_a_broken_file_names_nothing(embedded_settings, lend_app, change, is_signed_in):
    app = lend_app(signed_in_settings(embedded_settings))
    folder = embedded_settings.instance_folder
    client = signed_in_client(app, Role.ADMINISTRATOR)
    if not is_signed_in:
        client = app.test_client()
        app.extensions.pop("book_checked", None)
    with closing(sqlite3.connect(folder / BOOK_FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    change(folder / BOOK_FILE)

    check_words(app, client, str(folder), statuses=(200, 302, 303, 401, 403, 404, 422, 503))


def test_a_use_that_cannot_be_recorded_keeps_nobody_from_reading(embedded_settings, lend_app):
    app = lend_app(signed_in_settings(embedded_settings))
    client = signed_in_client(app, Role.HANDLER)
    assert client.get("/claims").status_code == 200
    book = embedded_settings.instance_folder / BOOK_FILE
    run(book, "UPDATE sessions SET last_used_at = datetime('now', '-5 minutes')")
    make_newer(book)

    assert [client.get(path).status_code for path in ("/claims", "/")] == [200, 200]
    assert client.get("/healthz").status_code == 503


def test_an_open_book_helps_its_own_machine_with_the_path(embedded_settings, lend_app):
    app = lend_app(embedded_settings)
    client = app.test_client()
    assert client.get("/claims").status_code == 200
    remove(embedded_settings.instance_folder / BOOK_FILE)

    here = [client.get(path).text for path in ("/claims", "/healthz")]
    elsewhere = client.get("/healthz", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})

    assert all(str(embedded_settings.instance_folder) in text for text in here)
    assert elsewhere.status_code == 403
    assert str(embedded_settings.instance_folder) not in elsewhere.text
