"""Empty books on either database, and applications that are shared by tests."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event, func, select

from flaskr import create_app
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.settings import BOOK_FILE, Settings
from tests.postgres import PostgresServer

DATABASES = ("sqlite", "postgresql")
KEYS = ("secret_key", "pseudonym_key")  # applications created earlier have read them


def make_settings(folder: Path, **changes) -> Settings:
    return replace(
        Settings(
            instance_folder=folder, book_access="open", secret_key="tests", log_level="WARNING"
        ),
        **changes,
    )


def create_database(server: PostgresServer, name: str, template: str = "template0") -> str:
    """Create a separate database, for a test that forks, kills or exports; return its URL."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server.url(name)


def put_book(file: Path, folder: Path) -> None:
    """Copy the file of a book that was stopped to a folder, as a book that was in use there."""
    shutil.copy(file, folder / BOOK_FILE)
    (folder / f"{BOOK_FILE}-writers").touch(mode=0o600)


def empty_folder(folder: Path) -> None:
    """Delete everything of the previous test but the keys."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in KEYS:
            path.unlink()


@contextmanager
def statements_sent(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that are sent to the database during the block."""
    sent: list[str] = []

    def collect(connection, cursor, statement, parameters, context, executemany) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", collect)
        yield sent
        event.remove(db.engine, "before_cursor_execute", collect)


def close_connections(app: Flask) -> None:
    """Close the application's database connections."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def kind_of(app: Flask) -> str:
    """Return which database the application's book is on."""
    return "postgresql" if app.config["DATABASE_URL"] else "sqlite"


class Lender:
    """Lends one application for each kind of settings, because creating one is slow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.applications: dict[Settings, tuple[Flask, dict]] = {}
        self.listeners: dict[Settings, int] = {}
        self.lent: list[Flask] = []

    def lend(self, settings: Settings) -> Flask:
        """Lend an application in the state of a new one: changes by earlier tests are undone."""
        if settings not in self.applications or self.has_new_listeners(settings):
            app = create_app(settings)
            app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
            self.applications[settings] = app, state_of(app)
            self.listeners[settings] = listeners_of(app)
        app, state = self.applications[settings]
        for name, initial in state.items():
            current = getattr(app, name)
            current.clear()
            current.update(copied(initial))
        self.lent.append(app)
        return app

    def has_new_listeners(self, settings: Settings) -> bool:
        """Whether a test added listeners to new connections, which cannot be undone."""
        return listeners_of(self.applications[settings][0]) != self.listeners[settings]

    def take_back(self) -> None:
        """Close the connections of the lent applications."""
        while self.lent:
            close_connections(self.lent.pop())


def state_of(app: Flask) -> dict[str, dict]:
    """The parts of an application that a test may change."""
    names = ("config", "extensions", "before_request_funcs", "after_request_funcs")
    return {name: copied(getattr(app, name)) for name in names}


def listeners_of(app: Flask) -> int:
    """How many functions prepare a new connection."""
    with app.app_context():
        return len(list(db.engine.pool.dispatch.connect))


def copied(held: dict) -> dict:
    """A copy of a dictionary and of the lists in it."""
    return {name: list(each) if isinstance(each, list) else each for name, each in held.items()}


class CompiledTemplates(BytecodeCache):
    """Templates that were compiled for one application, for the others of this process."""

    def __init__(self) -> None:
        self.compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


COMPILED_TEMPLATES = CompiledTemplates()


def is_second_run(item: pytest.Item) -> bool:
    """Whether a fixture runs a test on PostgreSQL that it also runs on SQLite."""
    if not hasattr(item, "callspec"):
        return False
    chosen = {names_of(mark.args[0]) for mark in item.iter_markers("parametrize")}
    by_fixtures = set(item.callspec.params) - {name for names in chosen for name in names}
    return any(item.callspec.params[name] == "postgresql" for name in by_fixtures)


def names_of(parameters: str | Sequence[str]) -> tuple[str, ...]:
    """The names that a test is parametrized by."""
    names = parameters.split(",") if isinstance(parameters, str) else parameters
    return tuple(name.strip() for name in names)


def highest_ids() -> tuple[int, ...]:
    """The highest id of ledger, claims, policies and both revisions; 0 for none."""
    models = (LedgerEntry, Claim, Policy, ClaimRevision, PolicyRevision)
    return tuple(db.session.scalar(select(func.max(model.id))) or 0 for model in models)
