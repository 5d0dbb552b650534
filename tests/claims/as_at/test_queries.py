"""Claims and ledger as at a date, on both bases."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.as_at_queries import (
    Basis,
    ledger_totals_as_at,
    totals_as_at,
)
from flaskr.claims.ledger.services import close_claim, post_recovery, reopen_claim, reverse_entry
from flaskr.facts.closed_lists import Cause, EntryType, ReasonCode, Status
from flaskr.values.calendar import day_end, local_day
from tests.claims.clocks import (
    BOOKED,
    FEBRUARY,
    JANUARY,
    KNOWN,
    MARCH,
    at,
    claims_by_reference,
    edit,
)
from tests.factories import ACTOR, make_claim, pay, reserve

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def session(rolled_back):
    return rolled_back


def outstanding(day: date, basis: Basis) -> str:
    return str(totals_as_at(day, basis).outstanding)


def test_an_entry_counts_from_its_own_day_booked_and_from_its_recording_known():
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A")
        reserve(claim, "100.00", date(2025, 1, 10))
    with at("2025-02-10T12:00"):
        reserve(claim, "130.00", date(2025, 1, 20))

    assert [outstanding(date(2025, 1, day), BOOKED) for day in (9, 10, 19, 20)] == [
        *("0.00", "100.00", "100.00", "130.00")
    ]
    assert [outstanding(day, KNOWN) for day in (date(2025, 1, 9), JANUARY, FEBRUARY)] == [
        *("0.00", "100.00", "130.00")
    ]
    assert outstanding(date(2025, 2, 9), KNOWN) == "100.00"
    assert outstanding(date(2025, 2, 10), KNOWN) == "130.00"


def test_balances_status_and_closed_date_are_those_of_the_last_entry_that_counts():
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A")
        reserve(claim, "100.00", date(2025, 1, 10))
        payment = pay(claim, "60.00", date(2025, 1, 10))
    with at("2025-02-10T12:00"):
        by = {"actor": ACTOR}
        recovery = post_recovery(
            claim, EntryType.RECOVERY_SALVAGE, Decimal("5.00"), date(2025, 2, 9), **by
        )
        close_claim(claim, date(2025, 2, 10), **by)
    with at("2025-03-10T12:00"):
        reopen_claim(
            claim,
            Decimal("7.00"),
            date(2025, 3, 1),
            reason="a late bill",
            **by,
            reason_code=ReasonCode.OTHER,
        )
        reverse_entry(recovery, date(2025, 3, 2), **by, reason_code=ReasonCode.OTHER)
        reverse_entry(payment, date(2025, 3, 3), **by, reason_code=ReasonCode.OTHER)

    rows = [
        claims_by_reference(day, basis)["A"]
        for basis in Basis
        for day in (JANUARY, FEBRUARY, MARCH)
    ]
    seen = [(str(r.paid), str(r.outstanding), str(r.recovered), r.status) for r in rows]

    assert seen[:3] == seen[3:]
    assert seen[:3] == [
        ("60.00", "40.00", "0.00", Status.OPEN),
        ("60.00", "0.00", "5.00", Status.CLOSED),
        ("0.00", "67.00", "0.00", Status.REOPENED),
    ]
    assert [row.closed_date for row in rows[:3]] == [None, date(2025, 2, 10), None]


def test_the_totals_of_claims_and_ledger_agree_on_every_day_and_clock():
    for month in (1, 2, 3):
        with at(f"2025-0{month}-10T12:00"):
            claim = make_claim()
            reserve(claim, f"{month}00.00", date(2025, month, 1))
            pay(claim, "30.00", date(2025, month, 5))

    for basis in Basis:
        for day in (date(2024, 12, 31), JANUARY, FEBRUARY, MARCH, date(2025, 3, 3)):
            totals = totals_as_at(day, basis)
            expected = (totals.paid, totals.outstanding, totals.recovered)
            assert ledger_totals_as_at(day, basis) == expected
    assert totals_as_at(MARCH, KNOWN).claims == 3
    assert totals_as_at(MARCH, KNOWN).claim_cost == Decimal("600.00")


def test_a_claim_counts_known_from_its_recording_and_booked_from_its_report():
    with at("2025-02-10T12:00"):
        make_claim(claim_reference="A", loss_date=date(2025, 1, 5), reported_date=date(2025, 1, 15))

    assert [
        set(claims_by_reference(day, BOOKED)) for day in (date(2025, 1, 14), date(2025, 1, 15))
    ] == [*(set(), {"A"})]
    assert [
        set(claims_by_reference(day, KNOWN)) for day in (date(2025, 2, 9), date(2025, 2, 10))
    ] == [*(set(), {"A"})]


def test_a_claim_without_a_report_counts_booked_from_its_first_entry():
    with at("2025-02-10T12:00"):
        claim = make_claim(claim_reference="A", loss_date=None, reported_date=None)
        reserve(claim, "10.00", date(2025, 1, 20))
        reserve(claim, "20.00", date(2025, 1, 25))

    assert set(claims_by_reference(date(2025, 1, 19), BOOKED)) == set()
    assert set(claims_by_reference(date(2025, 1, 20), BOOKED)) == {"A"}
    assert set(claims_by_reference(date(2025, 1, 31), KNOWN)) == set()


def test_a_claim_without_a_report_or_entries_counts_booked_from_its_recording():
    with at("2025-02-10T12:00"):
        make_claim(claim_reference="A", loss_date=None, reported_date=None)

    assert [set(claims_by_reference(date(2025, 2, day), BOOKED)) for day in (9, 10)] == [
        set(),
        {"A"},
    ]


def test_a_claim_without_entries_by_the_date_is_open_with_zero_balances():
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A")
    with at("2025-02-10T12:00"):
        reserve(claim, "10.00", date(2025, 2, 10))

    row = claims_by_reference(JANUARY, KNOWN)["A"]

    assert (row.status, row.paid, row.outstanding, row.recovered) == (Status.OPEN, 0, 0, 0)
    assert row.closed_date is None


@pytest.mark.parametrize(
    ("last_instant", "day"),
    [
        ("2025-01-31T22:59:59.999999", date(2025, 1, 31)),  # winter: an hour ahead of UTC
        ("2025-07-31T21:59:59.999999", date(2025, 7, 31)),  # summer: two
        ("2025-03-29T22:59:59.999999", date(2025, 3, 29)),  # the day before the clocks go on
        ("2025-03-30T21:59:59.999999", date(2025, 3, 30)),  # 23 hours long
        ("2025-10-26T22:59:59.999999", date(2025, 10, 26)),  # 25 hours long
        ("2024-12-31T22:59:59.999999", date(2024, 12, 31)),
    ],
)
def test_a_day_ends_at_local_midnight_also_when_the_clocks_change(last_instant, day):
    with at(last_instant):
        claim = make_claim(claim_reference="A")
        reserve(claim, "10.00", date(2024, 3, 5))
    with at(day_end(day).isoformat()):
        make_claim(claim_reference="B")
        reserve(claim, "25.00", date(2024, 3, 5))
        edit(claim, cause=Cause.FIRE)

    row = claims_by_reference(day, KNOWN)["A"]

    assert local_day(day_end(day)) > day
    assert set(claims_by_reference(day, KNOWN)) == {"A"}
    assert (row.outstanding, row.cause) == (Decimal("10.00"), Cause.WATER)
    assert totals_as_at(day, KNOWN).entries == 1


def test_an_entry_of_a_night_belongs_to_the_local_day():
    with at("2025-01-31T23:30"):  # 00:30 on 1 February in Stockholm
        claim = make_claim(claim_reference="A")
        reserve(claim, "10.00", date(2025, 2, 1))

    assert outstanding(JANUARY, KNOWN) == "0.00"
    assert outstanding(JANUARY, BOOKED) == "0.00"
    assert outstanding(date(2025, 2, 1), KNOWN) == "10.00"


def test_the_first_and_last_day_of_the_calendar_are_valid_dates():
    with at("2025-01-10T12:00"):
        reserve(make_claim(), "10.00", date(2025, 1, 10))

    assert [totals_as_at(date.max, basis).claims for basis in Basis] == [1, 1]
    assert [totals_as_at(date.min, basis).claims for basis in Basis] == [0, 0]


def test_the_totals_of_an_empty_book_are_zero():
    totals = totals_as_at(MARCH, KNOWN)

    assert (totals.claims, totals.entries, totals.claim_cost, totals.net) == (0, 0, 0, 0)
    assert ledger_totals_as_at(MARCH, BOOKED) == (0, 0, 0)
