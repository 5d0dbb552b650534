"""The books that tests use: on SQLite always, on PostgreSQL if it is installed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from flaskr import create_app
from flaskr.database.modes import current_mode
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE, Settings
from flaskr.users import passwords
from tests.books import (
    COMPILED_TEMPLATES,
    DATABASES,
    Lender,
    close_connections,
    create_database,
    empty_folder,
    highest_ids,
    is_second_run,
    make_settings,
    put_book,
    statements_sent,
)
from tests.emptying import EmptiedDatabase
from tests.postgres import PostgresServer, running_server, temporary_folder
from tests.users.people import signed_in_settings

# The same examples in every run; a search for new ones is `--hypothesis-profile=default`.
ALWAYS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("unit", ALWAYS)
hypothesis.settings.register_profile("short", ALWAYS, max_examples=20)


def pytest_configure(config) -> None:
    """Use fewer Hypothesis examples in the default run, which is for before each commit."""
    if not config.getoption("hypothesis_profile"):
        is_default = config.getoption("markexpr") == "not slow"
        hypothesis.settings.load_profile("short" if is_default else "unit")


# Hashing a password is slow on purpose, and hundreds of tests sign in. Servers in separate
# processes and the benchmark use the real parameters.
passwords.hasher = PasswordHasher.from_parameters(CHEAPEST)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items) -> None:
    """Mark as slow what PostgreSQL runs a second time, unless the test is about SQL."""
    for item in items:
        if is_second_run(item) and item.get_closest_marker("both_databases") is None:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def template_book(tmp_path_factory) -> Path:
    """An empty, migrated SQLite book to copy from."""
    folder = tmp_path_factory.mktemp("template")
    close_connections(create_app(make_settings(folder)))
    return folder / BOOK_FILE


@pytest.fixture(scope="session")
def template_database(postgres: PostgresServer, tmp_path_factory) -> str:
    """An empty, migrated PostgreSQL database to copy from; its name."""
    create_database(postgres, "template_book")
    folder, url = tmp_path_factory.mktemp("template"), postgres.url("template_book")
    app = create_app(make_settings(folder, database_url=url))
    with app.app_context():
        upgrade()
    close_connections(app)
    return "template_book"


@pytest.fixture(scope="session")
def new_app(request, tmp_path_factory) -> Callable:
    """A context manager that gives an application over a new, empty book on one of the databases.

    For books that are filled once and read by many tests; a test that changes its book uses `app`.
    """

    @contextmanager
    def make(kind: str, template: Path | None = None) -> Iterator[Flask]:
        folder, url = tmp_path_factory.mktemp(kind), ""
        if kind == "sqlite":
            put_book(template or request.getfixturevalue("template_book"), folder)
        else:
            empty = request.getfixturevalue("template_database")
            url = create_database(request.getfixturevalue("postgres"), folder.name, empty)
        app = create_app(make_settings(folder, database_url=url))
        app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
        try:
            yield app
        finally:
            close_connections(app)

    return make


@pytest.fixture(scope="session", params=DATABASES)
def shared_app(request, new_app) -> Iterator[Flask]:
    """One empty book on each database, for all tests that never commit."""
    with new_app(request.param) as app:
        yield app


@pytest.fixture(scope="module", params=DATABASES)
def lasting_app(request, new_app) -> Iterator[Flask]:
    """One empty book on each database for the tests of a module, to fill once and only read."""
    with new_app(request.param) as app:
        yield app


@pytest.fixture
def rolled_back(shared_app: Flask):
    """A session that is rolled back: cheaper than a separate book; do not commit."""
    with shared_app.app_context():
        yield db.session
        db.session.rollback()
        assert highest_ids() == (0, 0, 0, 0, 0), "this test committed: use the fixture session"
        db.session.rollback()


@pytest.fixture(scope="session")
def emptied_database(postgres: PostgresServer, template_database: str) -> EmptiedDatabase:
    """One database for all tests, emptied before each."""
    return EmptiedDatabase(postgres, template_database)


@pytest.fixture(scope="session")
def lender() -> Iterator[Lender]:
    """The applications of this worker, and the folder of their books."""
    lender = Lender(temporary_folder("claimbook-"))
    yield lender
    shutil.rmtree(lender.folder)


@pytest.fixture
def book_folder(lender: Lender) -> Path:
    """The instance folder, with nothing in it but keys."""
    empty_folder(lender.folder)
    return lender.folder


@pytest.fixture
def embedded_settings(template_book: Path, book_folder: Path) -> Settings:
    """The settings of an empty SQLite book."""
    put_book(template_book, book_folder)
    return make_settings(book_folder)


@pytest.fixture(params=DATABASES)
def book_settings(request, book_folder: Path) -> Settings:
    """The settings of an empty book, once on each database."""
    if request.param == "postgresql":
        url = request.getfixturevalue("emptied_database").hand_out()
        return make_settings(book_folder, database_url=url)
    return request.getfixturevalue("embedded_settings")


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Makes applications, and closes their connections after the test."""
    apps: list[Flask] = []

    def make(settings: Settings) -> Flask:
        apps.append(create_app(settings))
        apps[-1].jinja_env.bytecode_cache = COMPILED_TEMPLATES
        return apps[-1]

    yield make
    for app in apps:
        close_connections(app)


@pytest.fixture
def lend_app(lender: Lender) -> Iterator[Callable[[Settings], Flask]]:
    """Lends this worker's applications in a new state; closes their connections after the test."""
    yield lender.lend
    lender.take_back()


@pytest.fixture
def app(book_settings: Settings, lend_app) -> Flask:
    """The application over an empty book, on each database; errors become pages."""
    return lend_app(book_settings)


@pytest.fixture
def signed_in_app(book_settings: Settings, lend_app) -> Flask:
    """The same with signing in."""
    return lend_app(signed_in_settings(book_settings))


@pytest.fixture
def sqlite_app(embedded_settings: Settings, lend_app) -> Iterator[Flask]:
    """The application over an embedded book, in its context: for what only SQLite does."""
    app = lend_app(embedded_settings)
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def session(app: Flask):
    """A session in an application context: what services and queries use."""
    with app.app_context():
        assert current_mode.get() == "write"
        yield db.session
        db.session.rollback()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A test client; forms need their CSRF token."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask):
    return app.test_cli_runner()


@pytest.fixture
def queries(app: Flask):
    """A context manager that collects the statements sent while it lasts."""
    return partial(statements_sent, app)
