"""Recording, editing and cancelling a policy."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

from flaskr.errors import ChangedMeanwhile, MoneyError, TextError
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.policies.models import PolicyRevision
from flaskr.policies.queries import policies_in_force, policy_by_number, policy_totals
from flaskr.policies.rules import PolicyError
from flaskr.policies.services import cancel_policy, edit_policy
from flaskr.values.calendar import today
from tests.factories import ACTOR, make_policy

pytestmark = pytest.mark.usefixtures("rolled_back")
INCEPTION, EXPIRY = date(2024, 1, 1), date(2025, 1, 1)


def edit(policy, version=1, **changes):
    return edit_policy(policy, changes, seen_version=version, actor="editor")


def revisions(session) -> list[PolicyRevision]:
    return list(session.scalars(select(PolicyRevision).order_by(PolicyRevision.id)))


def test_policies_without_a_number_get_the_next_of_the_book():
    first, second = make_policy(policy_number=""), make_policy(policy_number="")

    year = today().year
    assert (first.policy_number, second.policy_number) == (f"P-{year}-000001", f"P-{year}-000002")


@pytest.mark.parametrize("number", ["P-2026-000001", "p-2026-000001", "C-2026-000001"])
def test_a_number_of_the_form_that_the_book_allots_is_refused(number):
    with pytest.raises(PolicyError, match="assigned by the book"):
        make_policy(policy_number=number)


@pytest.mark.parametrize("again", ["FÖ-1", "fö-1", " FO\u0308-1 "])
def test_a_number_in_use_is_refused_whatever_its_case_or_composition(again):
    make_policy(policy_number="FÖ-1")

    with pytest.raises(PolicyError, match="already in the book"):
        make_policy(policy_number=again)


@pytest.mark.parametrize("number", ["nothing", "a\0b", "a\ud800"])
def test_an_unknown_or_invalid_number_finds_no_policy(number):
    assert policy_by_number(number) is None


def test_the_name_of_a_policyholder_is_cleaned():
    assert make_policy(policyholder=" A\u030asa ").policyholder == "Åsa"
    with pytest.raises(TextError):
        make_policy(policyholder="a\0b")


INVALID = [
    ({"expiry_date": INCEPTION}, "first day without cover"),
    ({"inception_date": EXPIRY}, "first day without cover"),
    ({"premium": Decimal("-0.01")}, "cannot be negative"),
    ({"deductible": Decimal("-0.01")}, "cannot be negative"),
    ({"sum_insured": Decimal("-0.01")}, "cannot be negative"),
    ({"premium": Decimal("1000000000000.00")}, "at most"),
    ({"sum_insured": Decimal("1000000000000.00")}, "at most"),
    ({"premium": Decimal("0.001")}, "two decimals"),
    ({"deductible": Decimal("NaN")}, "a number"),
    ({"sum_insured": Decimal("Infinity")}, "a number"),
]


@pytest.mark.parametrize(("facts", "message"), INVALID)
def test_a_policy_with_invalid_facts_is_refused(facts, message):
    with pytest.raises((PolicyError, MoneyError), match=message):
        make_policy(**facts)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        *INVALID,
        ({"cancelled_on": INCEPTION - timedelta(days=1)}, "can be cancelled from"),
        ({"cancelled_on": EXPIRY}, "can be cancelled from"),
    ],
)
def test_an_edit_to_invalid_facts_changes_nothing(rolled_back, facts, message):
    policy = make_policy()
    with pytest.raises((PolicyError, MoneyError), match=message):
        edit(policy, **facts)

    rolled_back.flush()
    rolled_back.refresh(policy)
    assert (policy.inception_date, policy.expiry_date, policy.version) == (INCEPTION, EXPIRY, 1)
    assert policy.premium == Decimal("5000.00")
    assert revisions(rolled_back) == []


def test_an_edit_keeps_the_earlier_facts_in_a_revision(rolled_back):
    policy = make_policy()

    edit(policy, premium=Decimal("5100.00"), policyholder="Bo")
    edit(policy, version=2, line_of_business=LineOfBusiness.MOTOR)

    first, second = revisions(rolled_back)
    assert (policy.premium, policy.policyholder, policy.version) == (5100, "Bo", 3)
    assert (first.premium, first.policyholder_changed) == (5000, True)
    assert (second.premium, second.line_of_business) == (5100, LineOfBusiness.HOME)
    assert (second.policyholder_changed, second.replaced_by) == (False, "editor")
    assert first.replaced_at <= second.replaced_at


@pytest.mark.parametrize(
    "changes", [{}, {"premium": Decimal(5000)}, {"policyholder": " Åsa Öberg\r\n"}]
)
def test_an_edit_to_the_same_values_makes_no_revision(rolled_back, changes):
    policy = make_policy()

    edit(policy, **changes)

    assert policy.version == 1
    assert revisions(rolled_back) == []


def test_the_second_of_two_editors_gets_an_error():
    policy = make_policy()
    edit(policy, premium=Decimal(1))

    with pytest.raises(ChangedMeanwhile, match="changed by somebody else"):
        cancel_policy(policy, INCEPTION, seen_version=1, actor=ACTOR)


def test_only_facts_are_edited():
    with pytest.raises(ValueError, match="not facts of a policy"):
        edit(make_policy(), policy_number="x")


def test_revisions_are_in_the_order_of_their_instants_when_the_clock_goes_back(rolled_back):
    noon = datetime(2030, 1, 2, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        policy = make_policy()
        edit(policy, premium=Decimal(1))
    with time_machine.travel(noon - timedelta(hours=1), tick=False):
        edit(policy, version=2, premium=Decimal(2))

    assert [revision.replaced_at for revision in revisions(rolled_back)] == [noon, noon]


@pytest.mark.parametrize("cancelled_on", [INCEPTION, date(2024, 6, 1), EXPIRY - timedelta(days=1)])
def test_a_cancelled_policy_covers_up_to_the_day_before(cancelled_on):
    policy = make_policy()
    cancel_policy(policy, cancelled_on, seen_version=1, actor=ACTOR)

    assert not policy.covers(cancelled_on)
    assert policy.covers(cancelled_on - timedelta(days=1)) == (cancelled_on > INCEPTION)


def test_cover_is_from_inception_to_the_day_before_expiry():
    policy = make_policy()

    days = (INCEPTION - timedelta(days=1), INCEPTION, EXPIRY - timedelta(days=1), EXPIRY)
    assert [policy.covers(day) for day in days] == [False, True, True, False]


def test_a_policy_is_in_force_on_the_days_that_it_covers(rolled_back):
    policy = make_policy()
    cancel_policy(policy, date(2024, 6, 1), seen_version=1, actor=ACTOR)
    days = (date(2023, 12, 31), INCEPTION, date(2024, 5, 31), date(2024, 6, 1), EXPIRY)

    counts = [len(rolled_back.scalars(policies_in_force(day)).all()) for day in days]

    assert counts == [int(policy.covers(day)) for day in days] == [0, 1, 1, 0, 0]


def test_policies_are_counted_with_their_premium():
    assert policy_totals() == (0, 0)
    make_policy()
    make_policy(premium=Decimal("0.50"))

    assert policy_totals() == (2, Decimal("5000.50"))
