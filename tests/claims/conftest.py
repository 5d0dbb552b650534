"""Fixtures of the tests of claims pages."""

import pytest

from flaskr.extensions import db
from tests.factories import make_claim, make_policy, reserve


@pytest.fixture
def covered(app):
    """A reserved claim on a policy in force."""
    with app.app_context():
        policy = make_policy(policy_number="H-1")
        claim = make_claim(claim_reference="W-1", policy=policy)
        reserve(claim, "1000.00")
        db.session.commit()
