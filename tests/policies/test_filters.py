from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from flaskr.extensions import db
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.policies.filters import PolicyFilter
from flaskr.policies.models import Policy
from flaskr.policies.row_queries import policy_facts, policy_rows
from flaskr.values.as_at import Basis, Valuation
from flaskr.web.paging import Cursor
from flaskr.web.parameters import FilterError
from tests.claims.clocks import amend, at
from tests.factories import make_policy

pytestmark = pytest.mark.both_databases

KNOWN, BOOKED = Basis.KNOWN, Basis.BOOKED
PAGE = 4
MATCHES = {
    "line_of_business=home&line_of_business=motor": lambda row: (
        row.line_of_business in ("home", "motor")
    ),
    "cancelled=yes": lambda row: row.cancelled_on is not None,
    "cancelled=no": lambda row: row.cancelled_on is None,
    "in_force_on=2024-06-01": lambda row: is_in_force(row, date(2024, 6, 1)),
    "inception_from=2024-03-01": lambda row: row.inception_date >= date(2024, 3, 1),
    "inception_to=2024-03-01": lambda row: row.inception_date <= date(2024, 3, 1),
    "expiry_from=2025-01-01&expiry_to=2025-02-01": lambda row: (
        date(2025, 1, 1) <= row.expiry_date <= date(2025, 2, 1)
    ),
    "premium_from=1 000&premium_to=2000,00": lambda row: 1000 <= row.premium <= 2000,
    "text=ÖBERG": lambda row: "Öberg" in row.policyholder,
    "text=p_": lambda row: row.policy_number.startswith("P_"),
}


def is_in_force(row, day: date) -> bool:
    is_not_cancelled = row.cancelled_on is None or row.cancelled_on > day
    return row.inception_date <= day < row.expiry_date and is_not_cancelled


@pytest.fixture
def varied(rolled_back, monkeypatch) -> list[Policy]:
    """Eighteen policies recorded a day apart, some edited or cancelled on 10 June 2024."""
    monkeypatch.setattr("flaskr.web.paging.PAGE_ROWS", PAGE)
    policies = []
    for number in range(18):
        month = number % 4 + 1
        with at(f"2024-05-{number + 1:02d}T12:00"):
            policy = make_policy(
                policy_number=f"{'PÅaZ'[number % 4]}{'_-'[number % 2]}{number}",
                policyholder=("Åsa Öberg", "Bo Ek")[number % 2],
                line_of_business=list(LineOfBusiness)[number % 3],
                inception_date=date(2024, month, 1),
                expiry_date=date(2025, month, 1),
                premium=Decimal(500 * (number % 5)),
                sum_insured=None if number % 3 else Decimal("9000.00"),
            )
        policies.append(policy)
    with at("2024-06-10T12:00"):
        for policy in policies[::5]:
            amend(policy, premium=Decimal("77.00"), line_of_business=LineOfBusiness.TRAVEL)
        for policy in policies[1::5]:
            amend(policy, cancelled_on=date(2024, 5, 20))
    return policies


def policy_filter(query: str) -> PolicyFilter:
    return PolicyFilter.from_parameters(MultiDict(parse_qsl(query)))


@pytest.mark.parametrize(
    "valuation", [None, *(Valuation(date(2024, 5, 15), basis) for basis in Basis)], ids=str
)
def test_every_filter_selects_the_matching_policies(varied, valuation):
    every = list(db.session.execute(policy_rows(valuation).order_by(Policy.id.desc())))
    shares = dict.fromkeys(MATCHES, 0)
    for query, matches in MATCHES.items():
        wanted = policy_filter(
            query + (f"&as_at={valuation.day}&basis={valuation.basis}" if valuation else "")
        )
        rows = list(db.session.execute(wanted.rows()))
        page = wanted.listing().page(Cursor())

        assert rows == [row for row in every if matches(row)], query
        assert [row[:-1] for row in page.rows] == rows[:PAGE], query  # erased_at is last
        shares[query] = len(rows)

    none_then = {"cancelled=yes"} if valuation and valuation.basis is KNOWN else set()
    assert {query for query, share in shares.items() if not share} == none_then
    assert all(share < len(every) for share in shares.values()) or none_then


def test_pages_in_every_order_have_every_policy_once_forwards_and_backwards(varied):
    for name in (*PolicyFilter.SORTS, "recorded"):
        for sort in (name, f"-{name}"):
            listing = replace(PolicyFilter(), sort=sort).listing()
            older = []
            page = listing.page(Cursor())
            older += page.rows
            while page.has_older:
                page = listing.page(Cursor(after=older[-1].policy_number))
                older += page.rows
            page = listing.page(Cursor(is_last=True))
            newer = [*page.rows]
            while page.has_newer:
                page = listing.page(Cursor(before=newer[0].policy_number))
                newer = [*page.rows, *newer]

            column = "policy_id" if name == "recorded" else name
            descends = sort.startswith("-")
            values = [(getattr(row, column), row.policy_id) for row in older]
            full = [pair for pair in values if pair[0] is not None]
            empty = [pair[1] for pair in values if pair[0] is None]
            assert len({row.policy_id for row in older}) == len(older) == len(varied), sort
            assert values[: len(full)] == sorted(full, reverse=descends), sort
            assert empty == sorted(empty, reverse=descends), sort
            assert newer[-len(older) + 2 :] == older[2:], sort


def test_a_policy_is_known_from_its_recording_with_the_facts_of_then(varied):
    known = {row.policy_number: row for row in rows_as_at(date(2024, 5, 10), KNOWN)}
    later = {row.policy_number: row for row in rows_as_at(date(2024, 6, 10), KNOWN)}

    assert len(known) == 10
    assert known["P_0"].premium == Decimal("0.00")
    assert later["P_0"].premium == Decimal("77.00")
    assert (known["Å-1"].cancelled_on, later["Å-1"].cancelled_on) == (None, date(2024, 5, 20))


def test_a_policy_is_booked_from_its_inception_with_the_facts_of_today(varied):
    booked = {row.policy_number: row for row in rows_as_at(date(2024, 2, 1), BOOKED)}

    assert {row.inception_date for row in booked.values()} == {date(2024, 1, 1), date(2024, 2, 1)}
    assert booked["P_0"].premium == Decimal("77.00")
    assert rows_as_at(date(2023, 12, 31), BOOKED) == []


def test_facts_as_at_a_date_include_every_policy_by_id(varied):
    valuation = Valuation(date(2024, 5, 10), KNOWN)
    every, counted = (
        list(db.session.execute(rows(valuation))) for rows in (policy_facts, policy_rows)
    )
    known = {row.policy_number: row for row in counted}

    assert len(every) > len(known) > 0
    assert [row.policy_id for row in every] == sorted(row.policy_id for row in every)
    assert len(every) == db.session.scalar(select(func.count()).select_from(Policy))
    assert all(
        row[:9] == known[row.policy_number][:9] for row in every if row.policy_number in known
    )


def test_facts_on_the_booked_basis_are_todays(varied):
    valuations = (None, Valuation(date(2023, 12, 31), BOOKED))
    now, booked = (list(db.session.execute(policy_facts(valuation))) for valuation in valuations)

    assert now == booked
    assert {row.premium for row in now if row.policy_number == "P_0"} == {Decimal("77.00")}


def rows_as_at(day: date, basis: Basis) -> list:
    return list(db.session.execute(policy_rows(Valuation(day, basis)).order_by(Policy.id)))


def test_the_status_is_that_on_the_as_at_date(varied):
    def numbers(query: str) -> set[str]:
        return {row.policy_number for row in db.session.execute(policy_filter(query).rows())}

    cancelled = {policy.policy_number for policy in varied[1::5]}
    everyone = {policy.policy_number for policy in varied}

    assert numbers("status=cancelled&as_at=2024-06-10") == cancelled
    assert numbers("status=cancelled&as_at=2024-06-09") == set()
    assert numbers("status=in_force&as_at=2024-06-10") == everyone - cancelled
    assert numbers("status=expired&status=cancelled") == everyone
    assert numbers("status=upcoming&as_at=2024-05-15") == set()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("cause=water", "no parameter “cause”. The parameters are as_at, basis, cancelled"),
        ("cancelled=maybe", "Cancelled: “maybe” is not one of yes, no."),
        ("status=lost", "Status: “lost” is not one of upcoming, in_force, expired, cancelled."),
        ("premium_from=x", "Premium from: “x” is not an amount"),
        ("in_force_on=x", "is not a date"),
        ("sort=policyholder", "“policyholder” is not one of recorded, policy_number"),
        ("basis=booked", "give as_at too"),
    ],
)
def test_an_invalid_parameter_is_refused(rolled_back, query, sentence):
    with pytest.raises(FilterError) as refusal:
        policy_filter(query)

    assert sentence in str(refusal.value)
