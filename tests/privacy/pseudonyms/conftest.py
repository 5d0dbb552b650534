from datetime import date
from decimal import Decimal

import pytest
from flask import Flask

from flaskr.claims.ledger.services import post_payment
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.factories import ACTOR, make_claim, make_policy, reserve
from tests.privacy.pseudonyms.readers import DESCRIPTION, ENTRY_TEXTS, NAME, reading_client


def fill() -> None:
    policy = make_policy(policy_number="H-1", policyholder=NAME)
    make_policy(policy_number="H-2", policyholder=NAME.upper())
    make_policy(policy_number="H-3", policyholder="Bo Annan")
    claim = make_claim(policy=policy, claim_reference="W-1", description=DESCRIPTION)
    reserve(claim, "100.00")
    post_payment(claim, Decimal("60.00"), date(2024, 4, 1), actor=ACTOR, **ENTRY_TEXTS)
    make_claim(claim_reference="W-2")
    db.session.commit()
    db.session.remove()


@pytest.fixture
def book(signed_in_app: Flask) -> Flask:
    """A book with sign-in, three policies and two claims."""
    with signed_in_app.app_context():
        fill()
    return signed_in_app


@pytest.fixture
def open_book(app: Flask) -> Flask:
    """The same book, open."""
    with app.app_context():
        fill()
    return app


@pytest.fixture
def handler(book):
    return reading_client(book, Role.HANDLER)


@pytest.fixture
def actuary(book):
    return reading_client(book, Role.ACTUARY)


@pytest.fixture
def administrator(book):
    return reading_client(book, Role.ADMINISTRATOR)
