"""Reporting a claim, and editing its facts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.claims.ledger.posting import coverage_reason
from flaskr.claims.ledger.services import close_claim
from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference, claim_totals
from flaskr.claims.services import ClaimError, edit_claim
from flaskr.errors import TextError
from flaskr.facts.closed_lists import Cause, Coverage, Status
from flaskr.policies.services import cancel_policy
from flaskr.values.calendar import today
from tests.books import highest_ids
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

pytestmark = pytest.mark.usefixtures("rolled_back")
LOSS, REPORTED = date(2024, 3, 1), date(2024, 3, 2)


def test_a_reported_claim_is_open_and_has_no_money_on_it():
    claim = make_claim(description=" burst pipe\r\n ")

    assert (claim.status, claim.claim_cost, claim.version) == (Status.OPEN, 0, 1)
    assert (claim.description, claim.recorded_by) == ("burst pipe", ACTOR)


def test_claims_without_a_reference_get_the_next_of_the_book():
    first, second = make_claim(claim_reference=""), make_claim(claim_reference="")

    year = today().year
    assert (first.claim_reference, second.claim_reference) == (
        f"C-{year}-000001",
        f"C-{year}-000002",
    )


@pytest.mark.parametrize("reference", ["C-2026-000001", "c-1999-123456", "P-2026-000001"])
def test_a_reference_of_the_form_that_the_book_allots_is_refused(reference):
    with pytest.raises(ClaimError, match="assigned by the book"):
        make_claim(claim_reference=reference)


@pytest.mark.parametrize("again", ["FÖ-1", "fö-1", " FO\u0308-1 "])
def test_a_reference_in_use_is_refused_whatever_its_case_or_composition(again):
    make_claim(claim_reference="FÖ-1")

    with pytest.raises(ClaimError, match="already in the book"):
        make_claim(claim_reference=again)


def test_references_that_differ_only_in_zeros_are_two_claims():
    make_claim(claim_reference="00123")

    assert make_claim(claim_reference="123").claim_reference == "123"


def test_a_claim_is_found_by_its_reference_in_any_case_with_its_policy():
    claim = make_claim(claim_reference="Skada-Ö", policy=make_policy())

    result = claim_by_reference(" SKADA-O\u0308")

    assert result is claim
    assert result.policy.policy_number


@pytest.mark.parametrize("reference", ["nothing", "", "a\0b", "a\ud800", "x" * 10_000, "%", "_"])
def test_an_unknown_or_invalid_reference_finds_no_claim(reference):
    make_claim()

    assert claim_by_reference(reference) is None


@pytest.mark.parametrize("reference", ["new", "a?b", "x" * 65, "\t"])
def test_a_reference_that_cannot_be_part_of_a_url_is_refused(reference):
    with pytest.raises(TextError):
        make_claim(claim_reference=reference)


@pytest.mark.parametrize(
    ("loss", "reported", "message"),
    [
        (REPORTED, LOSS, "cannot be after the report"),
        (date.max, None, "in the future"),
        (None, date.max, "in the future"),
        (LOSS, date.max, "in the future"),
    ],
)
def test_a_loss_is_before_its_report_and_neither_in_the_future(loss, reported, message):
    with pytest.raises(ClaimError, match=message):
        make_claim(loss_date=loss, reported_date=reported)


@pytest.mark.parametrize(("loss", "reported"), [(None, None), (LOSS, None), (LOSS, LOSS)])
def test_a_claim_may_lack_dates(loss, reported):
    assert make_claim(loss_date=loss, reported_date=reported).coverage == Coverage.UNVERIFIED


def test_today_is_not_the_future():
    assert make_claim(loss_date=today(), reported_date=today())
    with pytest.raises(ClaimError):
        make_claim(loss_date=today() + timedelta(days=1), reported_date=None)


def test_the_reason_for_the_coverage_is_a_sentence():
    policy = make_policy(policy_number="H-0")
    claim = make_claim(policy=policy)
    late = make_claim(policy=policy, loss_date=date(2025, 1, 1), reported_date=None)
    undated = make_claim(policy=policy, loss_date=None)

    assert coverage_reason(make_claim()) == "The claim has no policy."
    assert coverage_reason(undated) == "The claim has no loss date."
    assert coverage_reason(claim).startswith("Policy H-0 was in force on 2024-03-01")
    assert coverage_reason(late).startswith("Policy H-0 covers 2024-01-01 to 2025-01-01")
    cancel_policy(policy, date(2024, 2, 1), seen_version=1, actor=ACTOR)
    assert "was cancelled from 2024-02-01" in coverage_reason(claim)
    assert coverage_reason(late).startswith("Policy H-0 covers")


def test_totals_are_over_all_claims_or_one_policys():
    reserved = make_claim(policy=make_policy())
    reserve(reserved, "100")
    other = make_claim()
    reserve(other, "7.50")
    pay(other, "2.50", date(2024, 4, 1))
    close_claim(make_claim(), REPORTED, actor=ACTOR)

    every, of_policy = claim_totals(), claim_totals(reserved.policy)

    assert (every.claims, every.open_claims) == (3, 2)
    assert (every.paid, every.outstanding) == (Decimal("2.50"), Decimal("105.00"))
    assert every.claim_cost == Decimal("107.50")
    assert (of_policy.claims, of_policy.claim_cost) == (1, Decimal("100.00"))


def test_an_empty_book_totals_zero():
    assert (claim_totals().claims, str(claim_totals().claim_cost)) == (0, "0.00")


def test_the_watermark_moves_with_every_kind_of_change(rolled_back):
    marks = [highest_ids()]
    policy = make_policy()
    marks.append(highest_ids())
    claim = make_claim(policy=policy)
    marks.append(highest_ids())
    reserve(claim, "1")
    marks.append(highest_ids())
    edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ACTOR)
    marks.append(highest_ids())
    cancel_policy(policy, date(2024, 12, 1), seen_version=1, actor=ACTOR)
    marks.append(highest_ids())

    assert marks == sorted(marks, key=sum)
    assert len(set(marks)) == len(marks)
    assert rolled_back.scalar(select(func.max(Claim.id))) == marks[-1][1]
