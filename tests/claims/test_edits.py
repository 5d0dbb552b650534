"""Edits of a claim's facts: what is kept, what is refused, and what must be confirmed."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.claims.models import ClaimRevision
from flaskr.claims.services import ClaimError, UncoversReserved, edit_claim
from flaskr.errors import ChangedMeanwhile
from flaskr.facts.closed_lists import Cause, Coverage
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

pytestmark = pytest.mark.usefixtures("rolled_back")
LOSS, REPORTED = date(2024, 3, 1), date(2024, 3, 2)


def edit(claim, version=1, **changes):
    return edit_claim(claim, changes, seen_version=version, actor="editor")


def revisions(session) -> list[ClaimRevision]:
    return list(session.scalars(select(ClaimRevision).order_by(ClaimRevision.id)))


def test_an_edit_keeps_the_earlier_facts_in_a_revision(rolled_back):
    policy = make_policy()
    claim = make_claim(description="old")

    edit(claim, cause=Cause.FIRE, policy_id=policy.id, description="new")

    earlier = revisions(rolled_back)
    assert (claim.cause, claim.policy, claim.version) == (Cause.FIRE, policy, 2)
    assert [(r.cause, r.policy_id, r.loss_date) for r in earlier] == [(Cause.WATER, None, LOSS)]
    assert (earlier[0].description_changed, earlier[0].replaced_by) == (True, "editor")
    assert claim.coverage == Coverage.IN_FORCE


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cause": Cause.WATER, "loss_date": LOSS, "reported_date": REPORTED, "policy_id": None},
        {"cause": "water"},
        {"description": " as it\r\nwas\n"},
        {"description": "as it\nwas"},
    ],
)
def test_an_edit_to_the_same_values_makes_no_revision(rolled_back, changes):
    claim = make_claim(description="as it\nwas")

    edit(claim, **changes)

    assert claim.version == 1
    assert revisions(rolled_back) == []


def test_the_second_of_two_editors_gets_an_error():
    claim = make_claim()
    edit(claim, cause=Cause.FIRE)

    with pytest.raises(ChangedMeanwhile, match="changed by somebody else"):
        edit(claim, cause=Cause.THEFT)
    assert edit(claim, version=2, cause=Cause.THEFT).version == 3


def test_only_facts_are_edited():
    with pytest.raises(ValueError, match="not facts of a claim"):
        edit(make_claim(), paid=Decimal(1))


@pytest.mark.parametrize(
    "changes",
    [
        {"loss_date": date(2024, 3, 3)},
        {"reported_date": date(2024, 2, 29)},
        {"reported_date": date.max},
        {"loss_date": date.max, "reported_date": None},
        {"reported_date": date(2024, 4, 2)},  # the first entry is of April 1
        {"reported_date": None, "loss_date": date(2024, 4, 2)},
    ],
)
def test_an_edit_leaves_dates_in_order_and_no_entry_before_the_report(rolled_back, changes):
    claim = make_claim()
    reserve(claim, "1", date(2024, 4, 1))

    with pytest.raises(ClaimError):
        edit(claim, **changes)

    rolled_back.flush()
    rolled_back.refresh(claim)
    assert (claim.loss_date, claim.reported_date, claim.version) == (LOSS, REPORTED, 1)


def test_the_report_may_move_up_to_the_day_of_the_first_entry():
    claim = make_claim()
    reserve(claim, "1", date(2024, 4, 1))

    assert edit(claim, reported_date=date(2024, 4, 1)).version == 2


@pytest.fixture
def reserved():
    claim = make_claim(policy=make_policy())
    reserve(claim, "100")
    return claim


UNCOVERING = date(2023, 12, 31)


def test_an_edit_that_uncovers_money_must_be_confirmed(rolled_back, reserved):
    with pytest.raises(UncoversReserved, match="not covered"):
        edit(reserved, loss_date=UNCOVERING)

    rolled_back.flush()
    rolled_back.refresh(reserved)
    assert (reserved.loss_date, reserved.version) == (LOSS, 1)
    assert revisions(rolled_back) == []


def test_an_edit_that_uncovers_money_is_allowed_when_confirmed(reserved):
    edit_claim(reserved, {"loss_date": UNCOVERING}, seen_version=1, actor=ACTOR, may_uncover=True)

    assert reserved.coverage == Coverage.NOT_IN_FORCE
    assert edit(reserved, version=2, cause=Cause.FIRE).version == 3  # it was uncovered already


def test_a_change_to_a_policy_that_does_not_cover_must_be_confirmed(reserved):
    other = make_policy(inception_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1))

    with pytest.raises(UncoversReserved):
        edit(reserved, policy_id=other.id)
    assert edit(reserved, policy_id=None).coverage == Coverage.UNVERIFIED


def test_an_unverified_claim_with_money_must_not_become_uncovered_unconfirmed():
    claim = make_claim()
    pay(claim, "1")
    other = make_policy(inception_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1))

    with pytest.raises(UncoversReserved):
        edit(claim, policy_id=other.id)


def test_a_claim_without_money_may_be_uncovered_unconfirmed():
    claim = make_claim(policy=make_policy())

    assert edit(claim, loss_date=UNCOVERING).coverage == Coverage.NOT_IN_FORCE


def test_a_date_of_a_claim_cannot_be_removed(session):
    claim = make_claim()

    for name in ("loss_date", "reported_date"):
        with pytest.raises(ClaimError, match="cannot be removed"):
            edit_claim(claim, {name: None}, seen_version=1, actor=ACTOR)
