from datetime import date

import pytest
from sqlalchemy import select

from flaskr.claims.as_at_queries import (
    Basis,
    current_coverage,
)
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, Coverage, LineOfBusiness
from flaskr.policies.models import Policy
from flaskr.policies.services import cancel_policy
from tests.claims.clocks import (
    BOOKED,
    FEBRUARY,
    JANUARY,
    KNOWN,
    MARCH,
    amend,
    at,
    claims_by_reference,
    edit,
)
from tests.factories import ACTOR, make_claim, make_policy

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def session(rolled_back):
    return rolled_back


def test_known_facts_are_those_of_the_day_and_booked_facts_are_todays():
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A", cause=Cause.WATER)
    with at("2025-02-10T12:00"):
        edit(claim, cause=Cause.FIRE, loss_date=date(2024, 2, 1))
    with at("2025-03-10T12:00"):
        edit(claim, cause=Cause.STORM)

    known = [claims_by_reference(day, KNOWN)["A"] for day in (JANUARY, FEBRUARY, MARCH)]
    booked = claims_by_reference(JANUARY, BOOKED)["A"]

    assert [row.cause for row in known] == [Cause.WATER, Cause.FIRE, Cause.STORM]
    assert [str(row.loss_date) for row in known] == ["2024-03-01", "2024-02-01", "2024-02-01"]
    assert (booked.cause, booked.loss_date) == (Cause.STORM, date(2024, 2, 1))


def test_several_edits_after_the_date_do_not_change_the_facts_as_at_it():
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A", cause=Cause.WATER)
    with at("2025-02-10T12:00"):
        edit(claim, cause=Cause.FIRE)
        edit(claim, cause=Cause.STORM)
        edit(claim, cause=Cause.OTHER)

    assert claims_by_reference(JANUARY, KNOWN)["A"].cause is Cause.WATER
    assert claims_by_reference(date(2025, 2, 10), KNOWN)["A"].cause is Cause.OTHER


def test_facts_that_were_empty_are_known_as_empty():
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A", cause=None, loss_date=None, reported_date=None)
    with at("2025-02-10T12:00"):
        edit(claim, cause=Cause.FIRE, loss_date=date(2024, 2, 1), policy_id=make_policy().id)

    before, after = (
        claims_by_reference(JANUARY, KNOWN)["A"],
        claims_by_reference(FEBRUARY, KNOWN)["A"],
    )

    assert (before.cause, before.loss_date, before.policy_id) == (None, None, None)
    assert (before.policy_number, before.line_of_business) == (None, None)
    assert before.coverage is Coverage.UNVERIFIED
    assert (after.cause, after.coverage) == (Cause.FIRE, Coverage.IN_FORCE)


def test_a_claim_moved_to_another_policy_is_known_under_the_one_it_had():
    with at("2025-01-10T12:00"):
        home = make_policy(policy_number="H1")
        motor = make_policy(policy_number="M1", line_of_business=LineOfBusiness.MOTOR)
        claim = make_claim(claim_reference="A", policy=home)
    with at("2025-02-10T12:00"):
        edit(claim, policy_id=motor.id)

    known, booked = (
        claims_by_reference(JANUARY, KNOWN)["A"],
        claims_by_reference(JANUARY, BOOKED)["A"],
    )

    assert (known.policy_number, known.line_of_business) == ("H1", LineOfBusiness.HOME)
    assert (booked.policy_number, booked.line_of_business) == ("M1", LineOfBusiness.MOTOR)


def test_a_policys_facts_are_known_as_they_were_and_booked_as_they_are():
    with at("2025-01-10T12:00"):
        policy = make_policy(policy_number="H1")
        make_claim(claim_reference="A", policy=policy)
    with at("2025-02-10T12:00"):
        amend(policy, line_of_business=LineOfBusiness.PROPERTY, inception_date=date(2024, 3, 2))

    known, booked = (
        claims_by_reference(JANUARY, KNOWN)["A"],
        claims_by_reference(JANUARY, BOOKED)["A"],
    )

    assert (known.line_of_business, known.coverage) == (LineOfBusiness.HOME, Coverage.IN_FORCE)
    assert booked.line_of_business is LineOfBusiness.PROPERTY
    assert booked.coverage is Coverage.NOT_IN_FORCE
    assert claims_by_reference(FEBRUARY, KNOWN)["A"].coverage is Coverage.NOT_IN_FORCE


def test_edits_of_claim_and_policy_are_known_each_from_its_own_day():
    with at("2025-01-10T12:00"):
        home = make_policy(policy_number="H1")
        other = make_policy(policy_number="H2", expiry_date=date(2024, 2, 1))
        claim = make_claim(claim_reference="A", policy=home)
    with at("2025-02-10T12:00"):
        edit(claim, policy_id=other.id)
    with at("2025-03-10T12:00"):
        amend(other, expiry_date=date(2025, 1, 1))

    seen = [claims_by_reference(day, KNOWN)["A"] for day in (JANUARY, FEBRUARY, MARCH)]

    assert [(row.policy_number, row.coverage) for row in seen] == [
        ("H1", Coverage.IN_FORCE),
        ("H2", Coverage.NOT_IN_FORCE),
        ("H2", Coverage.IN_FORCE),
    ]


def test_a_policy_cancelled_later_covered_the_loss_as_far_as_was_known():
    with at("2025-01-10T12:00"):
        policy = make_policy()
        make_claim(claim_reference="A", policy=policy)
    with at("2025-02-10T12:00"):
        cancel_policy(policy, date(2024, 3, 1), seen_version=1, actor=ACTOR)

    assert claims_by_reference(JANUARY, KNOWN)["A"].coverage is Coverage.IN_FORCE
    assert claims_by_reference(FEBRUARY, KNOWN)["A"].coverage is Coverage.NOT_IN_FORCE
    assert claims_by_reference(JANUARY, BOOKED)["A"].coverage is Coverage.NOT_IN_FORCE


@pytest.mark.parametrize(
    ("loss_date", "cancelled_on", "coverage"),
    [
        (date(2023, 12, 31), None, Coverage.NOT_IN_FORCE),
        (date(2024, 1, 1), None, Coverage.IN_FORCE),
        (date(2024, 12, 31), None, Coverage.IN_FORCE),
        (date(2025, 1, 1), None, Coverage.NOT_IN_FORCE),
        (date(2024, 5, 31), date(2024, 6, 1), Coverage.IN_FORCE),
        (date(2024, 6, 1), date(2024, 6, 1), Coverage.NOT_IN_FORCE),
        (None, None, Coverage.UNVERIFIED),
    ],
)
def test_cover_runs_from_inception_to_the_day_before_expiry_or_cancellation(
    loss_date, cancelled_on, coverage
):
    with at("2025-01-10T12:00"):
        policy = make_policy()
        claim = make_claim(
            claim_reference="A",
            policy=policy,
            loss_date=loss_date,
            reported_date=date(2025, 1, 5),
        )
        if cancelled_on:
            cancel_policy(policy, cancelled_on, seen_version=1, actor=ACTOR)

    now = db.session.scalar(select(current_coverage()).select_from(Claim).join(Policy))

    assert [claims_by_reference(JANUARY, basis)["A"].coverage for basis in Basis] == [
        coverage,
        coverage,
    ]
    assert (now, claim.coverage) == (coverage, coverage)
