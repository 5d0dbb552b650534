"""The books that tests run on: SQLite always, PostgreSQL where the machine has it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event

from flaskr import create_app
from flaskr.claims.queries import watermark
from flaskr.database import work_mode
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE, Settings
from flaskr.users import passwords
from tests.emptying import SCHEMA_OF_BOOK, is_emptied
from tests.postgres import PostgresServer, find_binaries
from tests.users.people import signed_in_settings

# The same examples in every run; a search for new ones is `--hypothesis-profile=default`.
hypothesis.settings.register_profile(
    "unit",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("unit")

# Hashing a password is slow on purpose, and hundreds of tests sign in. Servers in processes of
# their own, and the benchmark, hash as in life.
passwords.hasher = PasswordHasher.from_parameters(CHEAPEST)

NO_POSTGRESQL = "PostgreSQL is not installed (set PG_BIN, or install postgresql)"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail(f"{NO_POSTGRESQL}; CI may not skip")
        pytest.skip(NO_POSTGRESQL)
    server = PostgresServer(binaries)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def make_settings(folder: Path, **changes) -> Settings:
    return replace(
        Settings(
            instance_folder=folder, book_access="open", secret_key="tests", log_level="WARNING"
        ),
        **changes,
    )


@pytest.fixture(scope="session")
def template_book(tmp_path_factory) -> Path:
    """An empty, migrated SQLite book to copy from."""
    folder = tmp_path_factory.mktemp("template")
    create_app(make_settings(folder))
    return folder / BOOK_FILE


@pytest.fixture(scope="session")
def template_database(postgres: PostgresServer, tmp_path_factory) -> str:
    """An empty, migrated PostgreSQL database to copy from; its name."""
    create_database(postgres, "template_book")
    settings = make_settings(
        tmp_path_factory.mktemp("template"), database_url=postgres.url("template_book")
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return "template_book"


def create_database(server: PostgresServer, name: str, template: str = "template0") -> str:
    """A database of its own, for a test that forks, kills or exports; its address."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server.url(name)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_app(request, tmp_path_factory) -> Iterator[Flask]:
    """One empty book on each database, for all tests that never commit."""
    folder = tmp_path_factory.mktemp("shared")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("template_book"), folder / BOOK_FILE)
        app = create_app(make_settings(folder))
    else:
        template = request.getfixturevalue("template_database")
        url = create_database(request.getfixturevalue("postgres"), "shared_book", template)
        app = create_app(make_settings(folder, database_url=url))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def rolled_back(shared_app: Flask):
    """A session whose work is rolled back: cheaper than a book of its own; do not commit."""
    with shared_app.app_context():
        yield db.session
        db.session.rollback()
        assert watermark() == (0, 0, 0, 0, 0), "this test committed: use the fixture session"
        db.session.rollback()


@pytest.fixture(scope="session")
def emptied_database(postgres: PostgresServer, template_database: str) -> Callable[[], str]:
    """Hands out one database again and again, empty each time: a copy for each test costs more."""
    name = "emptied_book"
    url = create_database(postgres, name, template_database)
    with psycopg.connect(url, autocommit=True) as connection:
        whole = connection.execute(SCHEMA_OF_BOOK).fetchone()

    def hand_out() -> str:
        if is_emptied(url, whole):
            return url
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        return create_database(postgres, name, template_database)

    return hand_out


@pytest.fixture(params=["sqlite", "postgresql"])
def book_settings(request, tmp_path: Path) -> Settings:
    """The settings of an empty book, once on each database."""
    if request.param == "postgresql":
        url = request.getfixturevalue("emptied_database")()
        return make_settings(tmp_path, database_url=url)
    shutil.copy(request.getfixturevalue("template_book"), tmp_path / BOOK_FILE)
    return make_settings(tmp_path)


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Makes applications, and closes their connections after the test."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(book_settings: Settings, make_app) -> Flask:
    """The application over an empty book, on each database; errors become pages, as for a user."""
    return make_app(book_settings)


@pytest.fixture
def signed_in_app(book_settings: Settings, make_app) -> Flask:
    """The same, where people sign in."""
    return make_app(signed_in_settings(book_settings))


@pytest.fixture
def sqlite_app(template_book: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application over an embedded book, in its context: for what only SQLite does."""
    shutil.copy(template_book, tmp_path / BOOK_FILE)
    app = create_app(make_settings(tmp_path))
    with app.app_context():
        yield app
        db.session.rollback()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask):
    """A session in an application context: what services and queries use."""
    with app.app_context():
        assert work_mode.get() == "write"
        yield db.session
        db.session.rollback()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a screen; forms need their CSRF token, as in life."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask):
    return app.test_cli_runner()


@pytest.fixture
def queries(app: Flask):
    """A context manager that collects the statements sent while it lasts."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(connection, cursor, statement, parameters, context, executemany) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                sent.append(statement)

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", note)
            yield sent
            event.remove(db.engine, "before_cursor_execute", note)

    return collect
