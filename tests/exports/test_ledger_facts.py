"""A ledger file has the facts of the claims of its entries, as at its date."""

import json
from datetime import date

import pytest

from flaskr.claims.queries import claim_by_reference
from flaskr.facts.closed_lists import Cause, LineOfBusiness
from flaskr.policies.queries import policy_by_number
from tests.claims.clocks import amend, at, edit
from tests.factories import make_claim, make_policy, pay, reserve

pytestmark = pytest.mark.both_databases

FACTS = ("reported_date", "loss_date", "policy_number", "line_of_business", "cause")
FIRST = ("2024-03-02", "2024-03-01", "H-1", "home", "water")
EDITED = ("2024-03-02", "2024-02-01", "H-2", "motor", "fire")


@pytest.fixture
def rows(client):
    """The rows of a ledger file, each the values of some columns."""

    def read(query: str, *names: str) -> list[tuple]:
        names = names or FACTS
        answer = client.get(f"/export_ledger?format=jsonl&columns={','.join(names)}&{query}")
        assert answer.status_code == 200, answer.text
        return [tuple(json.loads(line).values()) for line in answer.text.splitlines()]

    return read


@pytest.fixture
def edited_claim(session):
    """A claim whose facts and policy were edited in February, and one without any facts."""
    with at("2025-01-10T12:00"):
        claim = make_claim(claim_reference="A", policy=make_policy(policy_number="H-1"))
        reserve(claim, "100.00")
        other = make_policy(policy_number="H-2")
        bare = make_claim(claim_reference="B", loss_date=None, reported_date=None, cause=None)
        reserve(bare, "1.00")
    with at("2025-02-10T12:00"):
        edit(claim, cause=Cause.FIRE, loss_date=date(2024, 2, 1), policy_id=other.id)
        amend(other, line_of_business=LineOfBusiness.MOTOR)
        pay(claim, "5.00", date(2025, 2, 10))
    session.commit()


def test_the_facts_are_those_known_at_the_date_else_todays(edited_claim, rows):
    known, later = rows("as_at=2025-01-31&claim=A"), rows("as_at=2025-02-28&claim=A")

    assert known == [FIRST]
    assert later == rows("claim=A") == [EDITED] * 2
    assert rows("as_at=2024-12-31&basis=booked&claim=A") == [EDITED]


def test_a_policy_as_known_then_has_its_own_facts_of_then(edited_claim, rows, session):
    with at("2025-03-10T12:00"):
        amend(policy_by_number("H-1"), line_of_business=LineOfBusiness.TRAVEL)
    session.commit()

    assert rows("as_at=2025-01-31&claim=A") == [FIRST]


def test_a_claim_without_facts_has_none_in_the_ledger(edited_claim, rows):
    assert rows("claim=B") == [(None,) * 5]


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param("", marks=pytest.mark.slow),
        pytest.param("as_at=2025-01-31", marks=pytest.mark.slow),
        "as_at=2025-02-28",
        pytest.param("as_at=2024-12-31&basis=booked", marks=pytest.mark.slow),
    ],
)
def test_a_filter_changes_which_entries_there_are_and_nothing_of_them(edited_claim, rows, cut):
    names = ("entry_id", "claim_reference", *FACTS)
    all_rows = rows(cut, *names)
    filtered = {
        "claim=b": [row for row in all_rows if row[1] == "B"],
        "entry_type=PAYMENT": [row for row in all_rows if row[0] == 3],
        "since=1": all_rows[1:],
        "since=0": all_rows,
        "transaction_to=2024-03-31": [row for row in all_rows if row[0] < 3],
        "sort=-recorded": all_rows[::-1],
    }

    assert len(all_rows) == (3 if "2025-02" in cut or not cut else 2)
    for query, expected in filtered.items():
        assert rows(f"{query}&{cut}", *names) == expected, query


def test_a_file_of_claims_and_one_of_the_ledger_have_the_same_facts(edited_claim, rows, client):
    for cut in ("", "as_at=2025-01-31", "as_at=2025-03-31", "as_at=2025-01-31&basis=booked"):
        names = ("claim_reference", *FACTS)
        body = client.get(f"/export_claims?format=jsonl&columns={','.join(names)}&{cut}").text
        claims = {tuple(json.loads(line).values()) for line in body.splitlines()}

        assert set(rows(cut, *names)) == claims


def test_the_day_of_recording_is_the_books_and_agrees_with_the_known_cut(session, rows):
    instants = ("2024-06-30T21:59:59.999999", "2024-06-30T22:00:00", "2024-12-31T22:59:59")
    for instant in instants:
        with at(instant):
            reserve(make_claim(), "1.00")
    session.commit()

    assert rows("", "recorded_date") == [("2024-06-30",), ("2024-07-01",), ("2024-12-31",)]
    assert len(rows("as_at=2024-06-30", "recorded_date")) == 1
    assert len(rows("as_at=2024-07-01", "recorded_date")) == 2


def test_columns_that_need_no_claim_are_read_without_it(edited_claim, rows):
    assert rows("", "paid") == [("0.00",), ("0.00",), ("5.00",)]
    assert rows("claim=A", "loss_date") == [("2024-02-01",)] * 2


def test_an_empty_book_has_a_ledger_file_without_rows(client, session):
    assert client.get("/export_ledger").text.count("\n") == 1
    assert claim_by_reference("A") is None
