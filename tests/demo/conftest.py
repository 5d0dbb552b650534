import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from flaskr import create_app
from flaskr.book import Counter
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.settings import BOOK_FILE
from tests.conftest import create_database, make_settings

SMALL = ("--policies", "500", "--claims", "3000")
MODELS = (Policy, PolicyRevision, Claim, ClaimRevision, LedgerEntry, Counter)


def fill(app: Flask, *options: str) -> str:
    result = app.test_cli_runner().invoke(args=["demo", "fill", *(options or SMALL)])
    assert result.exit_code == 0, result.output
    return result.output


def whole_book() -> dict[str, list[tuple]]:
    """Every row of every table, in order, with the types that Python sees."""
    return {
        model.__tablename__: [
            tuple(row)
            for row in db.session.execute(
                select(model.__table__).order_by(*model.__mapper__.primary_key)
            )
        ]
        for model in MODELS
    }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled_app(request, tmp_path_factory) -> Iterator[Flask]:
    """One small made-up book on each database, for all tests that only read it."""
    folder: Path = tmp_path_factory.mktemp("filled")
    url = ""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("template_book"), folder / BOOK_FILE)
    else:
        template = request.getfixturevalue("template_database")
        url = create_database(request.getfixturevalue("postgres"), folder.name, template)
    app = create_app(make_settings(folder, database_url=url))
    fill(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def filled(filled_app: Flask):
    """A session on the small made-up book; do not commit."""
    with filled_app.app_context():
        yield db.session
        db.session.rollback()
