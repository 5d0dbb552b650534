import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from flaskr import create_app
from flaskr.claims.ledger_services import close_claim
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE
from tests.conftest import create_database, make_settings
from tests.exports.golden import GoldenBook
from tests.exports.reading import cancelled_policy
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve
from tests.imports.importing import load_golden


@pytest.fixture(scope="session")
def golden_template(template_book: Path, tmp_path_factory) -> Path:
    """An embedded book of the golden ledger to copy from."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.copy(template_book, folder / BOOK_FILE)
    load_golden(create_app(make_settings(folder)))
    return folder / BOOK_FILE


@pytest.fixture(scope="module")
def golden_book(golden_template, tmp_path_factory) -> Iterator[GoldenBook]:
    """An embedded book of the golden ledger that a whole module reads."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.copy(golden_template, folder / BOOK_FILE)
    app = create_app(make_settings(folder))
    yield GoldenBook(app)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def small_book(session):
    """Four claims: with everything, with nothing, outside the cover, and after a cancellation."""
    policy = make_policy(policy_number="FÖ-001")
    cancelled = cancelled_policy(date(2024, 2, 1), policy_number="007")
    full = make_claim(
        policy=policy, claim_reference="00123", description='Åsa; 1 234,50 "rör"\nkök'
    )
    reserve(full, "100.00")
    pay(full, "60.10")
    close_claim(full, date(2024, 5, 1), actor=ACTOR)
    make_claim(claim_reference="B", cause=None, loss_date=None, reported_date=None)
    late = make_claim(
        policy=policy,
        claim_reference="C",
        loss_date=date(2025, 1, 1),
        reported_date=date(2025, 1, 2),
        description="=1+1",
    )
    ended = make_claim(policy=cancelled, claim_reference="D", description="-5")
    db.session.commit()
    return [full, late, ended]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting_app(request, tmp_path_factory) -> Iterator[Flask]:
    """One empty book on each database for all the tests of a module: to fill once, read often."""
    folder = tmp_path_factory.mktemp("lasting")
    settings = make_settings(folder)
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("template_book"), folder / BOOK_FILE)
    else:
        template = request.getfixturevalue("template_database")
        name = request.module.__name__.rpartition(".")[2]
        url = create_database(request.getfixturevalue("postgres"), name, template)
        settings = replace(settings, database_url=url)
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()
