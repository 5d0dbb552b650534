from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.exc import StatementError

from flaskr.claims.models import Claim
from flaskr.facts.closed_lists import Status
from flaskr.values.column_types import MoneyType, UtcDateTime
from flaskr.values.money import LARGEST_BALANCE
from tests.factories import make_claim, make_policy, pay, reserve


@pytest.fixture
def claim(rolled_back):
    """Paid 130.50, outstanding 20.25."""
    claim = make_claim()
    reserve(claim, "150.75")
    pay(claim, "130.50")
    return claim


ONE = Decimal("1.00")
EXPRESSIONS = {
    "sum": (lambda c: c.paid + c.outstanding, "150.75"),
    "difference": (lambda c: c.paid - c.outstanding, "110.25"),
    "negation": (lambda c: -c.paid, "-130.50"),
    "nested": (lambda c: c.paid - (c.outstanding - c.recovered), "110.25"),
    "negated sum": (lambda c: -(c.paid + c.outstanding), "-150.75"),
    "with an amount": (lambda c: c.paid + ONE, "131.50"),
    "amount first": (lambda c: ONE + c.paid, "131.50"),
    "less, amount first": (lambda c: ONE - c.paid, "-129.50"),
    "three": (lambda c: c.paid + c.outstanding - c.recovered, "150.75"),
    "total": (lambda c: func.sum(c.paid + c.outstanding), "150.75"),
    "total difference": (lambda c: func.sum(c.paid) - func.sum(c.outstanding), "110.25"),
    "greatest": (lambda c: func.max(c.paid), "130.50"),
    "or nothing": (lambda c: func.coalesce(c.paid, Decimal(0)), "130.50"),
    "the claim cost": (lambda c: c.claim_cost, "150.75"),
    "total claim cost": (lambda c: func.sum(c.claim_cost), "150.75"),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_money_stays_money_in_sql(rolled_back, claim, name):
    expression, expected = EXPRESSIONS[name]

    value = rolled_back.scalar(select(expression(Claim)))

    assert str(value) == expected


def test_money_is_compared_and_sorted_as_money(rolled_back, claim):
    dearer = make_claim()
    reserve(dearer, "1000.00")

    dear = select(Claim).where(Claim.claim_cost > Decimal("150.75"))
    by_cost = select(Claim.id).order_by(-(Claim.paid + Claim.outstanding))

    assert rolled_back.scalars(dear).all() == [dearer]
    assert rolled_back.scalars(by_cost).all() == [dearer.id, claim.id]


@pytest.mark.parametrize("amount", [LARGEST_BALANCE, -LARGEST_BALANCE, Decimal("0.10")])
def test_eighteen_digits_come_back_as_they_went_in(rolled_back, amount):
    assert rolled_back.scalar(select(literal(amount, MoneyType()))) == amount


@pytest.mark.parametrize("amount", [1.5, 1, "1.00", Decimal("0.001"), Decimal("NaN")])
def test_a_column_takes_exact_amounts_only(rolled_back, amount):
    with pytest.raises(StatementError, match="Money|two decimals|a number"):
        rolled_back.scalar(select(literal(amount, MoneyType())))


def test_totals_beyond_one_balance_are_exact(rolled_back, claim):
    most = literal(LARGEST_BALANCE, MoneyType())

    assert rolled_back.scalar(select(func.sum(most))) == LARGEST_BALANCE


def test_none_stays_none(rolled_back):
    policy = make_policy(sum_insured=None)
    rolled_back.expire_all()

    assert policy.sum_insured is None


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2024, 12, 31, 23, 30, 0, 1, tzinfo=UTC),
        datetime(2025, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))),
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_in_utc(rolled_back, instant):
    back = rolled_back.scalar(select(literal(instant, UtcDateTime())))

    assert back == instant
    assert back.tzinfo is UTC


def test_an_instant_without_a_time_zone_is_refused(rolled_back):
    naive = datetime(2024, 1, 1)  # noqa: DTZ001

    with pytest.raises(StatementError, match="time zone"):
        rolled_back.scalar(select(literal(naive, UtcDateTime())))


def test_text_sorts_by_bytes_on_every_database(rolled_back):
    for reference in ("ö", "Z", "a", "Å", "b"):
        make_claim(claim_reference=f"{reference}-1")

    in_order = rolled_back.scalars(select(Claim.claim_reference).order_by(Claim.claim_reference))

    assert [reference[0] for reference in in_order] == ["Z", "a", "b", "Å", "ö"]


def test_a_closed_list_is_stored_by_value_and_comes_back_as_its_member(rolled_back, claim):
    raw = rolled_back.connection().exec_driver_sql("SELECT status FROM claims").scalar_one()
    rolled_back.expire_all()

    assert raw == "open"
    assert claim.status is Status.OPEN
    assert rolled_back.scalar(select(Claim.loss_date)) == date(2024, 3, 1)
