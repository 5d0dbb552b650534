"""Migration 0010: what was erased before is marked, and only emptying a text is allowed."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record
from flaskr.claims.models import Claim
from flaskr.claims.services import edit_claim
from flaskr.policies.models import Policy
from flaskr.policies.services import edit_policy
from tests.factories import ACTOR, make_claim, make_policy
from tests.migrations.old_books import move

pytestmark = pytest.mark.both_databases


def empty_policyholder(policy: Policy) -> None:
    edit_policy(policy, {"policyholder": ""}, seen_version=1, actor=ACTOR)


def test_what_was_erased_before_the_upgrade_is_marked(session):
    erased, never_named = make_policy(), make_policy(policyholder="")
    empty_policyholder(erased)
    claims = [make_claim() for _ in range(3)]
    for claim in claims[:2]:
        edit_claim(claim, {"description": ""}, seen_version=1, actor=ACTOR)
    reference = claims[0].claim_reference
    record(Action.PERSON_ERASED, Subject.CLAIM, reference, actor=ACTOR, after={})
    expected = {"policies": erased.id, "nameless": never_named.id, "claims": claims[0].id}
    session.commit()

    move(downgrade, "0009")
    move(upgrade, "head")

    policies = session.scalars(select(Policy.id).where(Policy.erased_at.is_not(None)))
    assert list(policies) == [expected["policies"]] != [expected["nameless"]]
    marked = session.scalars(select(Claim.id).where(Claim.erased_at.is_not(None)))
    assert list(marked) == [expected["claims"]]


@pytest.mark.parametrize(
    ("table", "column"), [("policies", "policyholder"), ("claims", "description")]
)
def test_the_database_refuses_a_text_where_one_was_erased(session, table, column):
    make_claim(policy=make_policy())
    session.commit()
    erase = f"UPDATE {table} SET {column} = '', erased_at = recorded_at"  # noqa: S608
    session.execute(text(erase))

    with pytest.raises(DBAPIError, match="erased"):
        session.execute(text(f"UPDATE {table} SET {column} = 'Åsa'"))  # noqa: S608
