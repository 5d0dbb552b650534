import pytest

from flaskr.database.engine import driver_url
from flaskr.extensions import db
from tests.factories import make_claim, make_policy


@pytest.fixture
def address(session) -> str:
    policy = make_policy()
    make_claim(policy=policy, claim_reference="Before")
    db.session.commit()
    return driver_url("rw")
