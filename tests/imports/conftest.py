from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flaskr.extensions import db
from flaskr.imports.dry_run_result import DryRun
from tests.books import DATABASES
from tests.imports.importing import Importing, load_files, load_golden
from tests.imports.migration.older_system import CLAIMS, HOME, LEDGER, POLICIES, WATER


@pytest.fixture
def importing(session, tmp_path: Path) -> Importing:
    """Imports into an empty book on each database."""
    return Importing(tmp_path)


@pytest.fixture
def trying(shared_app: Flask, tmp_path: Path) -> Iterator[Importing]:
    """Dry runs beside an empty book on each database, which stays so: a book of its own costs."""
    with shared_app.app_context():
        yield Importing(tmp_path)
        db.session.rollback()


@pytest.fixture
def on_sqlite(sqlite_app: Flask, tmp_path: Path) -> Importing:
    """Imports into an empty SQLite book, of what no database has a part in."""
    return Importing(tmp_path)


@pytest.fixture
def lone_client(sqlite_app: Flask) -> FlaskClient:
    """A browser without a screen, on a SQLite book: for what no database has a part in."""
    return sqlite_app.test_client()


@pytest.fixture
def migrate(tmp_path: Path, session) -> Callable[..., DryRun]:
    """Load a migration of the texts given, by file name; what its dry run found."""

    def run(**texts: str) -> DryRun:
        return load_files(*files_of(tmp_path, **texts), is_migration=True)

    return run


@pytest.fixture
def bring(migrate) -> Callable[..., DryRun]:
    """Migrate one policy, one claim and the ledger given; each file can be another."""

    def run(*entries: str, policies: str = HOME, claims: str = WATER) -> DryRun:
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        return migrate(**texts, ledger=LEDGER + "".join(entries))

    return run


def files_of(folder: Path, **texts: str) -> list[Path]:
    """CSV files of the texts, by their names."""
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return [folder / f"{name}.csv" for name in texts]


@pytest.fixture(scope="session", params=DATABASES)
def golden_app(request, new_app) -> Iterator[tuple[Flask, DryRun]]:
    """A book of the golden ledger on each database, loaded once, to read."""
    with new_app(request.param) as app:
        yield app, load_golden(app)


@pytest.fixture
def golden(golden_app: tuple[Flask, DryRun]) -> Iterator[DryRun]:
    """What the dry run of the golden ledger found; the session at hand reads its book."""
    app, outcome = golden_app
    with app.app_context():
        yield outcome
        db.session.rollback()
