"""What the ledger's services allow and refuse."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from flaskr.claims.ledger.services import (
    close_claim,
    decline_claim,
    post_payment,
    reopen_claim,
    reverse_entry,
    set_reserve,
)
from flaskr.claims.queries import entries_of
from flaskr.errors import ChangedMeanwhile, LedgerError, MoneyError
from flaskr.facts.closed_lists import EntryType, ReasonCode, Status
from tests.factories import ACTOR, make_claim, open_elsewhere, pay, recover, reserve

pytestmark = [pytest.mark.usefixtures("rolled_back"), pytest.mark.both_databases]
DAY = date(2024, 5, 1)


def test_the_first_reserve_opens_and_the_next_is_the_difference():
    claim = make_claim()

    first, second = reserve(claim, "100.00"), reserve(claim, "70.00")

    assert (first.entry_type, first.outstanding) == (EntryType.RESERVE_OPEN, Decimal("100.00"))
    assert (second.entry_type, second.outstanding) == (EntryType.RESERVE_CHANGE, Decimal("-30.00"))


def test_a_claim_may_open_at_zero():
    assert reserve(make_claim(), "0").entry_type == EntryType.RESERVE_OPEN


def test_every_entry_holds_the_balances_after_it():
    claim = make_claim()
    reserve(claim, "100.00")
    pay(claim, "130.50", DAY)
    recover(claim, "30.50")
    close_claim(claim, DAY, actor=ACTOR)

    balances = [(e.paid_after, e.outstanding_after, e.recovered_after) for e in entries_of(claim)]

    assert [tuple(map(str, after)) for after in balances] == [
        ("0.00", "100.00", "0.00"),
        ("130.50", "0.00", "0.00"),
        ("130.50", "0.00", "30.50"),
        ("130.50", "0.00", "30.50"),
    ]
    assert (claim.status, claim.closed_date) == (Status.CLOSED, DAY)
    assert entries_of(claim)[-1].state == claim.state


def test_a_reserve_at_its_level_already_is_refused():
    claim = make_claim()
    reserve(claim, "100.00")

    with pytest.raises(LedgerError, match="already at that amount"):
        reserve(claim, "100")


def test_a_reserve_below_zero_is_refused():
    with pytest.raises(LedgerError, match="cannot be negative"):
        reserve(make_claim(), "-0.01")


@pytest.mark.parametrize("amount", ["0.001", "NaN", "Infinity", "1.00000000000000000000000000001"])
def test_an_amount_that_is_no_money_is_refused_with_a_sentence(amount):
    claim = make_claim()
    for post in (reserve, pay, recover):
        with pytest.raises(MoneyError, match="An amount"):
            post(claim, amount)
    with pytest.raises(MoneyError, match="An amount"):
        reopen_claim(
            claim,
            Decimal(amount),
            DAY,
            actor=ACTOR,
            reason="late bill",
            reason_code=ReasonCode.OTHER,
        )


def test_amounts_have_two_decimals_at_once():
    claim = make_claim()

    assert str(reserve(claim, "1E+2").outstanding_after) == "100.00"
    assert str(pay(claim, "1").paid_after) == "1.00"


@pytest.mark.parametrize("amount", ["1000000000000.00", "99999999999999999999"])
def test_one_entry_moves_less_than_a_million_million(amount):
    with pytest.raises((LedgerError, MoneyError), match="at most"):
        reserve(make_claim(), amount)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_payments_and_recoveries_are_above_zero(amount):
    claim = make_claim()
    pay(claim, "10")

    for post in (pay, recover):
        with pytest.raises(LedgerError, match="above zero"):
            post(claim, amount)


def test_only_a_recovery_is_posted_as_one():
    with pytest.raises(ValueError, match="not a recovery"):
        recover(make_claim(), "1", kind=EntryType.PAYMENT)


def test_a_closed_claim_may_have_recoveries_and_their_reversals_but_no_payment():
    claim = make_claim()
    pay(claim, "10", DAY)
    close_claim(claim, DAY, actor=ACTOR)

    salvage = recover(claim, "3")
    reverse_entry(salvage, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)

    assert (claim.recovered, claim.status, claim.closed_date) == (0, Status.CLOSED, DAY)
    with pytest.raises(LedgerError, match="claim is closed. Reopen it first"):
        pay(claim, "1", DAY)
    with pytest.raises(LedgerError, match="Reopen it first"):
        reserve(claim, "1", DAY)


def test_a_reversal_is_the_exact_opposite_and_possible_once():
    claim = make_claim()
    reserve(claim, "100")
    payment = pay(claim, "130.50", DAY)
    reserve(claim, "7", DAY)

    reversal = reverse_entry(
        payment, DAY, actor=ACTOR, reason="wrong claim", reason_code=ReasonCode.OTHER
    )

    assert (reversal.movement, reversal.reverses) == (-payment.movement, payment.id)
    assert (reversal.texts.reason, reversal.reason_code) == ("wrong claim", ReasonCode.OTHER)
    assert (claim.paid, claim.outstanding) == (0, Decimal("107.00"))
    with pytest.raises(LedgerError, match="reversed already"):
        reverse_entry(payment, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)
    with pytest.raises(LedgerError, match="Only a payment or a recovery"):
        reverse_entry(reversal, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)


def test_a_payment_that_was_recovered_can_be_reversed():
    claim = make_claim()
    payment = pay(claim, "10", DAY)
    recover(claim, "1")

    reverse_entry(payment, DAY, actor=ACTOR, reason_code=ReasonCode.BOOKED_TWICE)

    assert (claim.paid, claim.recovered) == (0, 1)


def test_a_claim_is_declined_only_when_nothing_is_paid():
    claim = make_claim()
    payment = pay(claim, "10", DAY)
    with pytest.raises(LedgerError, match="with payments cannot be declined"):
        decline_claim(claim, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)

    reverse_entry(payment, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)
    reserve(claim, "5", DAY)
    declined = decline_claim(claim, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)

    assert (declined.outstanding, declined.status_after) == (-5, Status.DECLINED)


@pytest.mark.parametrize("code", [None, *list(ReasonCode)[-3:]])
def test_taking_back_declining_and_reopening_need_a_reason_that_a_person_can_have(code):
    claim, settled = make_claim(), make_claim()
    payment = pay(claim, "1", DAY)
    close_claim(settled, DAY, actor=ACTOR)

    for post in (
        lambda: reverse_entry(payment, DAY, actor=ACTOR, reason_code=code, reason="because"),
        lambda: decline_claim(make_claim(), DAY, actor=ACTOR, reason_code=code),
        lambda: reopen_claim(settled, Decimal(5), DAY, actor=ACTOR, reason_code=code),
    ):
        with pytest.raises(LedgerError, match="Choose a reason"):
            post()


def test_a_reopened_claim_can_be_paid_closed_and_reopened_again():
    claim = make_claim()
    decline_claim(claim, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)
    reopen_claim(claim, Decimal(5), DAY, actor=ACTOR, reason="court", reason_code=ReasonCode.OTHER)
    pay(claim, "5", DAY)
    close_claim(claim, DAY, actor=ACTOR)

    entry = reopen_claim(
        claim, Decimal(0), DAY, actor=ACTOR, reason=" late bill ", reason_code=ReasonCode.OTHER
    )

    assert (entry.texts.reason, claim.status, claim.closed_date) == (
        "late bill",
        Status.REOPENED,
        None,
    )


def test_an_open_claim_is_not_reopened():
    with pytest.raises(LedgerError, match="only a closed or declined"):
        reopen_claim(
            make_claim(), Decimal(5), DAY, actor=ACTOR, reason="x", reason_code=ReasonCode.OTHER
        )


def test_an_opening_balance_can_only_be_the_first_entry():
    claim = make_claim()
    entry = open_elsewhere(claim)

    assert (entry.paid_after, entry.outstanding_after) == (10, 5)
    with pytest.raises(LedgerError, match="has entries already"):
        open_elsewhere(claim)


def test_a_form_sent_twice_posts_once():
    claim = make_claim()
    by = {"actor": ACTOR, "seen_entry": 0}
    first = set_reserve(claim, Decimal(100), DAY, **by)

    with pytest.raises(ChangedMeanwhile, match="sent twice"):
        set_reserve(claim, Decimal(90), DAY, **by)
    with pytest.raises(ChangedMeanwhile):
        post_payment(claim, Decimal(1), DAY, actor=ACTOR, seen_entry=first.id - 1)
    post_payment(claim, Decimal(1), DAY, actor=ACTOR, seen_entry=first.id)


def test_wrong_balances_on_the_claim_do_not_get_into_the_ledger(rolled_back):
    claim = make_claim()
    reserve(claim, "100")
    rolled_back.execute(text("UPDATE claims SET paid = 5000, outstanding = 1"))

    entry = pay(claim, "30")

    assert (entry.paid_after, entry.outstanding_after) == (30, 70)
    assert (claim.paid, claim.outstanding) == (30, 70)
