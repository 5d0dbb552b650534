"""Repayments, cost types, the texts beside an entry, and closed periods."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.ledger.balances import Balances
from flaskr.claims.ledger.services import (
    close_claim,
    decline_claim,
    post_payment,
    post_repayment,
    reopen_claim,
    reverse_entry,
    set_reserve,
)
from flaskr.claims.queries import balances_by_type, entries_of
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode, Status
from flaskr.values.money import ZERO
from tests.factories import ACTOR, make_claim, make_closing, pay, recover, reserve

pytestmark = [pytest.mark.usefixtures("rolled_back"), pytest.mark.both_databases]
DAY = date(2024, 5, 1)


def test_a_part_of_a_payment_comes_back_in_any_status():
    claim = make_claim()
    payment = pay(claim, "100", DAY)
    close_claim(claim, DAY, actor=ACTOR)

    repaid = post_repayment(claim, Decimal("30.50"), DAY, actor=ACTOR)

    assert (repaid.entry_type, repaid.movement.paid) == (EntryType.REPAYMENT, Decimal("-30.50"))
    assert (claim.paid, claim.status, claim.closed_date) == (Decimal("69.50"), "closed", DAY)
    with pytest.raises(LedgerError, match="of indemnity it is 69.50"):
        post_repayment(claim, Decimal("69.51"), DAY, actor=ACTOR)
    with pytest.raises(LedgerError, match="of expense it is 0.00"):
        post_repayment(claim, Decimal("1"), DAY, CostType.EXPENSE, actor=ACTOR)
    with pytest.raises(LedgerError, match="must be above zero"):
        post_repayment(claim, Decimal("0"), DAY, actor=ACTOR)
    reopen_claim(claim, ZERO, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)
    with pytest.raises(LedgerError, match="below zero"):
        reverse_entry(payment, DAY, actor=ACTOR, reason_code=ReasonCode.OTHER)


def test_each_cost_type_has_its_own_reserve_and_payments():
    claim = make_claim()
    reserve(claim, "100", DAY)
    set_reserve(claim, Decimal(30), DAY, CostType.EXPENSE, actor=ACTOR)

    survey = post_payment(claim, Decimal(40), DAY, CostType.EXPENSE, actor=ACTOR)

    assert (survey.movement.outstanding, survey.outstanding_after) == (-30, 100)
    by_type = balances_by_type(claim.id, claim.state)
    assert by_type[CostType.INDEMNITY] == Balances(ZERO, Decimal(100), ZERO)
    assert by_type[CostType.EXPENSE] == Balances(Decimal(40), ZERO, ZERO)


def test_closing_and_reopening_move_both_cost_types():
    claim = make_claim()
    reserve(claim, "100", DAY)
    set_reserve(claim, Decimal(30), DAY, CostType.EXPENSE, actor=ACTOR)

    close_claim(claim, DAY, actor=ACTOR)
    by = {"actor": ACTOR, "reason_code": ReasonCode.NEW_INFORMATION}
    reopen_claim(claim, Decimal(7), DAY, Decimal(2), **by)

    posted = [(e.entry_type, e.cost_type, e.outstanding) for e in entries_of(claim)[2:]]
    assert posted == [
        ("RESERVE_CHANGE", "expense", -30),
        ("RESERVE_CLOSE", "indemnity", -100),
        ("RESERVE_REOPEN", "indemnity", 7),
        ("RESERVE_CHANGE", "expense", 2),
    ]
    assert (claim.status, claim.outstanding) == (Status.REOPENED, 9)


def test_a_declined_claim_may_have_paid_its_survey():
    claim = make_claim()
    post_payment(claim, Decimal(40), DAY, CostType.EXPENSE, actor=ACTOR)

    decline_claim(claim, DAY, actor=ACTOR, reason_code=ReasonCode.NOT_COVERED)

    assert (claim.status, claim.paid) == (Status.DECLINED, 40)


def test_texts_stand_beside_the_entry():
    claim = make_claim()
    texts = {"payee": "Åsa Öberg", "payee_reference": "F-12", "note": "by post"}

    payment = post_payment(claim, Decimal(1), DAY, actor=ACTOR, **texts)

    assert {name: getattr(payment.texts, name) for name in texts} == texts
    assert payment.texts.reason is None
    assert pay(claim, "1", DAY).texts is None


def test_no_entry_is_dated_in_a_closed_period(rolled_back):
    claim = make_claim()
    rolled_back.add(make_closing(DAY))

    with pytest.raises(LedgerError, match="closed through 2024-05-01. .* 2024-05-02"):
        reserve(claim, "5", DAY)
    assert reserve(claim, "5", date(2024, 5, 2)).outstanding == 5


def test_a_deductible_may_be_collected_before_anything_is_paid():
    claim = make_claim()
    reserve(claim, "5000")

    recover(claim, "3000", kind=EntryType.RECOVERY_DEDUCTIBLE)

    assert (claim.paid, claim.recovered, claim.state.net) == (0, 3000, 2000)
