"""Empty books on either database, and one application that is lent to test after test."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event

from flaskr import create_app
from flaskr.extensions import db
from flaskr.settings import Settings
from tests.postgres import PostgresServer

DATABASES = ("sqlite", "postgresql")
KEYS = ("secret_key", "pseudonym_key")  # an application made earlier knows them


def make_settings(folder: Path, **changes) -> Settings:
    return replace(
        Settings(
            instance_folder=folder, book_access="open", secret_key="tests", log_level="WARNING"
        ),
        **changes,
    )


def create_database(server: PostgresServer, name: str, template: str = "template0") -> str:
    """A separate database, for a test that forks, kills or exports; its address."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server.url(name)


def empty_folder(folder: Path) -> None:
    """Leave nothing of the test before but the keys."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in KEYS:
            path.unlink()


@contextmanager
def statements_sent(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that reach the database while the block lasts."""
    sent: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        yield sent
        event.remove(db.engine, "before_cursor_execute", note)


def close_connections(app: Flask) -> None:
    """Close what the application has open to its database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def kind_of(app: Flask) -> str:
    """Which of the databases an application's book is on."""
    return "postgresql" if app.config["DATABASE_URL"] else "sqlite"


class Lender:
    """Keeps one application for each kind of settings: making one, and its templates, is slow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[Settings, tuple[Flask, dict]] = {}
        self.listeners: dict[Settings, int] = {}
        self.lent: list[Flask] = []

    def lend(self, settings: Settings) -> Flask:
        """Give an application as if it were new; what the test before did to it is undone."""
        if settings not in self.kept or self.listens_anew(settings):
            app = create_app(settings)
            app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
            self.kept[settings] = app, state_of(app)
            self.listeners[settings] = listeners_of(app)
        app, whole = self.kept[settings]
        for name, as_made in whole.items():
            held = getattr(app, name)
            held.clear()
            held.update(copied(as_made))
        self.lent.append(app)
        return app

    def listens_anew(self, settings: Settings) -> bool:
        """Whether a test had new connections prepared in its own way, which cannot be undone."""
        return listeners_of(self.kept[settings][0]) != self.listeners[settings]

    def take_back(self) -> None:
        """Close the connections of what was lent."""
        while self.lent:
            close_connections(self.lent.pop())


def state_of(app: Flask) -> dict[str, dict]:
    """What a test may change of an application."""
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
    given = parameters.split(",") if isinstance(parameters, str) else parameters
    return tuple(name.strip() for name in given)
