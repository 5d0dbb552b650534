from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flaskr.extensions import db
from flaskr.imports.dry_run.result import DryRun
from tests.books import DATABASES
from tests.imports.importing import Importing, load_files, load_golden
from tests.imports.migration.older_system import CLAIMS, HOME, LEDGER, POLICIES, WATER


@pytest.fixture
def importing(session, tmp_path: Path) -> Importing:
    """Imports into an empty book on each database."""
    return Importing(tmp_path)


@pytest.fixture
def dry_runs(shared_app: Flask, tmp_path: Path) -> Iterator[Importing]:
    """Dry runs on an empty shared book on each database: a new book for each test is slow."""
    with shared_app.app_context():
        yield Importing(tmp_path)
        db.session.rollback()


@pytest.fixture
def sqlite_importing(sqlite_app: Flask, tmp_path: Path) -> Importing:
    """Imports into an empty SQLite book, where the database makes no difference."""
    return Importing(tmp_path)


@pytest.fixture
def sqlite_client(sqlite_app: Flask) -> FlaskClient:
    """A test client on a SQLite book, where the database makes no difference."""
    return sqlite_app.test_client()


@pytest.fixture
def migrate(tmp_path: Path, session) -> Callable[..., DryRun]:
    """Load a migration of texts by file name; the result of its dry run."""

    def run(**texts: str) -> DryRun:
        return load_files(*files_of(tmp_path, **texts), is_migration=True)

    return run


@pytest.fixture
def migrate_ledger(migrate) -> Callable[..., DryRun]:
    """Load a migration of a ledger, with one policy and one claim unless others are given."""

    def run(*entries: str, policies: str = HOME, claims: str = WATER) -> DryRun:
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        return migrate(**texts, ledger=LEDGER + "".join(entries))

    return run


def files_of(folder: Path, **texts: str) -> list[Path]:
    """Write texts to CSV files by name; their paths."""
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return [folder / f"{name}.csv" for name in texts]


@pytest.fixture(scope="session", params=DATABASES)
def golden_app(request, new_app) -> Iterator[tuple[Flask, DryRun]]:
    """A book of the golden ledger on each database, loaded once; read only."""
    with new_app(request.param) as app:
        yield app, load_golden(app)


@pytest.fixture
def golden(golden_app: tuple[Flask, DryRun]) -> Iterator[DryRun]:
    """The result of the dry run of the golden ledger; the session reads its book."""
    app, outcome = golden_app
    with app.app_context():
        yield outcome
        db.session.rollback()
