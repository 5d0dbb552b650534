from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.as_at_queries import Basis, ledger_totals_as_at, totals_as_at
from flaskr.claims.ledger.services import close_claim, reverse_entry
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import ReasonCode
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve


def test_a_payment_reduces_the_reserve_at_most_to_zero(session):
    claim = make_claim(policy=make_policy())
    reserve(claim, "100.00")

    entry = pay(claim, "130.50")

    assert (entry.paid, entry.outstanding) == (Decimal("130.50"), Decimal("-100.00"))
    assert (claim.paid, claim.outstanding) == (Decimal("130.50"), Decimal("0.00"))


def test_a_reversed_payment_restores_the_reserve_and_can_be_reversed_once(session):
    claim = make_claim()
    reserve(claim, "100.00")
    payment = pay(claim, "40.00")

    reverse_entry(payment, date(2024, 4, 2), actor=ACTOR, reason_code=ReasonCode.OTHER)

    assert (claim.paid, claim.outstanding) == (Decimal("0.00"), Decimal("100.00"))
    with pytest.raises(LedgerError, match="reversed already"):
        reverse_entry(payment, date(2024, 4, 3), actor=ACTOR, reason_code=ReasonCode.OTHER)


def test_the_totals_as_at_a_date_are_those_of_the_ledger(session):
    claim = make_claim()
    reserve(claim, "100.00")
    pay(claim, "40.00", date(2024, 4, 1))
    close_claim(claim, date(2024, 5, 1), actor=ACTOR)

    booked = totals_as_at(date(2024, 4, 30), Basis.BOOKED)
    known = totals_as_at(date(2024, 4, 30), Basis.KNOWN)

    assert (booked.claims, booked.entries, booked.paid, booked.outstanding) == (
        1,
        2,
        Decimal("40.00"),
        Decimal("60.00"),
    )
    assert ledger_totals_as_at(date(2024, 4, 30), Basis.BOOKED) == (
        Decimal("40.00"),
        Decimal("60.00"),
        Decimal("0.00"),
    )
    assert (known.claims, known.entries) == (0, 0)
