from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from flaskr.book.models import Counter
from flaskr.claims.models import Claim, ClaimRevision, EntryTexts, LedgerEntry
from flaskr.extensions import db
from flaskr.policies.models import Policy, PolicyRevision
from tests.books import DATABASES

SMALL = ("--policies", "500", "--claims", "3000")
MODELS = (Policy, PolicyRevision, Claim, ClaimRevision, LedgerEntry, EntryTexts, Counter)


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


@pytest.fixture(scope="module", params=DATABASES)
def filled_app(request, new_app) -> Iterator[Flask]:
    """A small demo book on each database, for all tests that only read it."""
    with new_app(request.param) as app:
        fill(app)
        yield app


@pytest.fixture
def filled(filled_app: Flask):
    """A session on the small demo book; do not commit."""
    with filled_app.app_context():
        yield db.session
        db.session.rollback()
