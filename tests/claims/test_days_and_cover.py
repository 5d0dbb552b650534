"""The dates that an entry may have, and what may be posted on a loss that is not covered."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from flaskr.claims.ledger.services import (
    close_claim,
    decline_claim,
    reopen_claim,
    reverse_entry,
)
from flaskr.claims.queries import entries_of
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.policies.services import cancel_policy
from flaskr.values.calendar import today
from tests.factories import ACTOR, make_claim, make_policy, open_elsewhere, pay, recover, reserve

pytestmark = pytest.mark.usefixtures("rolled_back")
DAY = date(2024, 5, 1)
SALVAGE = EntryType.RECOVERY_SALVAGE


def test_an_entry_is_not_dated_in_the_future():
    with pytest.raises(LedgerError, match="in the future"):
        reserve(make_claim(), "1", today() + timedelta(days=1))
    reserve(make_claim(), "1", today())


def test_an_entry_is_not_dated_before_the_claims_last_one():
    claim = make_claim()
    reserve(claim, "1", DAY)

    with pytest.raises(LedgerError, match=f"late document on any day from {DAY}"):
        pay(claim, "1", DAY - timedelta(days=1))
    pay(claim, "1", DAY)


@pytest.mark.parametrize(
    ("loss", "reported", "earliest"),
    [
        (date(2024, 3, 1), date(2024, 3, 5), date(2024, 3, 5)),
        (date(2024, 3, 1), None, date(2024, 3, 1)),
    ],
)
def test_an_entry_is_not_dated_before_the_report(loss, reported, earliest):
    claim = make_claim(loss_date=loss, reported_date=reported)

    with pytest.raises(LedgerError, match="before the claim was reported"):
        reserve(claim, "1", earliest - timedelta(days=1))
    reserve(claim, "1", earliest)


def test_a_claim_without_dates_may_have_entries_of_any_past_day():
    claim = make_claim(loss_date=None, reported_date=None)

    assert reserve(claim, "1", date(1999, 1, 1)).paid_after == 0


def test_the_day_is_that_of_the_books_time_zone():
    with time_machine.travel(datetime(2030, 6, 30, 22, 30, tzinfo=UTC), tick=False):
        reserve(make_claim(), "1", date(2030, 7, 1))


def test_instants_do_not_go_backwards_when_the_clock_is_set_back():
    at_noon = datetime(2030, 1, 2, 12, tzinfo=UTC)
    with time_machine.travel(at_noon, tick=False):
        claim = make_claim()
    with time_machine.travel(at_noon - timedelta(days=1), tick=False):
        entries = [reserve(claim, "9"), reserve(make_claim(), "9"), pay(claim, "1")]

    assert [entry.recorded_at for entry in entries] == [at_noon] * 3


@pytest.fixture
def uncovered():
    """A claim with 100 reserved and 10 paid, whose policy was then cancelled before the loss."""
    policy = make_policy()
    claim = make_claim(policy=policy)
    reserve(claim, "100")
    pay(claim, "10", DAY)
    cancel_policy(policy, date(2024, 2, 1), seen_version=1, actor=ACTOR)
    return claim


def test_nothing_is_reserved_or_paid_on_a_loss_that_is_not_covered(uncovered):
    with pytest.raises(LedgerError, match="was cancelled from 2024-02-01, and the loss was on"):
        pay(uncovered, "1", DAY)
    with pytest.raises(LedgerError, match="no more indemnity can be reserved or paid"):
        reserve(uncovered, "90.01", DAY)
    assert (uncovered.paid, uncovered.outstanding) == (10, 90)


def test_an_uncovered_claim_may_be_lowered_recovered_reversed_and_closed(uncovered):
    payment = entries_of(uncovered)[1]
    reserve(uncovered, "50", DAY)
    salvage = recover(uncovered, "4")
    reverse_entry(salvage, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)
    reverse_entry(payment, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)
    close_claim(uncovered, DAY, actor=ACTOR)

    with pytest.raises(LedgerError, match="was cancelled"):
        reopen_claim(
            uncovered, Decimal(1), DAY, actor=ACTOR, reason="x", reason_code=ReasonCode.OTHER
        )
    reopen_claim(uncovered, Decimal(0), DAY, actor=ACTOR, reason="x", reason_code=ReasonCode.OTHER)
    decline_claim(uncovered, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)


@pytest.mark.parametrize("loss", [date(2023, 12, 31), date(2025, 1, 1)])
def test_a_loss_outside_the_period_is_not_covered(loss):
    claim = make_claim(policy=make_policy(), loss_date=loss, reported_date=None)

    assert reserve(claim, "0", loss).outstanding == 0
    with pytest.raises(LedgerError, match="covers 2024-01-01 to 2025-01-01"):
        reserve(claim, "1", loss)


@pytest.mark.parametrize("loss", [date(2024, 1, 1), date(2024, 12, 31), None])
def test_a_loss_in_the_period_or_unknown_may_be_reserved(loss):
    claim = make_claim(policy=make_policy(), loss_date=loss, reported_date=None)

    assert reserve(claim, "1", date(2025, 1, 5)).outstanding == 1


def test_an_opening_balance_may_be_posted_without_coverage():
    claim = make_claim(policy=make_policy(), loss_date=date(2025, 1, 1), reported_date=None)

    assert open_elsewhere(claim, date(2025, 1, 2)).paid_after == 10
