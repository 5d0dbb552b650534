from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flaskr.claims.ledger.services import close_claim
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE
from tests.exports.golden import GoldenBook
from tests.exports.reading import cancelled_policy
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve
from tests.imports.importing import load_golden


@pytest.fixture(scope="session")
def golden_template(new_app) -> Path:
    """An embedded book of the golden ledger to copy from."""
    with new_app("sqlite") as app:
        load_golden(app)
    return app.config["INSTANCE_FOLDER"] / BOOK_FILE


@pytest.fixture(scope="module")
def golden_book(golden_template, new_app) -> Iterator[GoldenBook]:
    """An embedded book of the golden ledger that a whole module reads."""
    with new_app("sqlite", template=golden_template) as app:
        yield GoldenBook(app)


@pytest.fixture
def small_book(session):
    """Four claims: complete, almost empty, outside the cover, and after a cancellation."""
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
