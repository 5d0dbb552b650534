"""The front page, a claim and a policy as at a date: what they show, leave out and refuse."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.ledger.services import reverse_entry
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from tests.claims.as_at.page_reading import read_page
from tests.claims.clocks import amend, at, edit
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, reserve

PAGES = ("/", "/claims/A", "/policies/H1")
ACTIONS = ("/pay", "/reserve", "/edit", "/reverse/", "/new", "/cancel", "/generate_random_claim")


@pytest.fixture
def book(app):
    """A claim reported in January, edited in February, and reversed in March."""
    with app.app_context():
        with at("2025-01-10T12:00"):
            policy = make_policy(policy_number="H1")
            claim = make_claim(claim_reference="A", policy=policy, reported_date=date(2024, 3, 20))
            reserve(claim, "100.00", date(2024, 3, 20))
        with at("2025-02-10T12:00"):
            edit(claim, cause=Cause.FIRE)
            amend(policy, premium=Decimal("6000.00"))
            payment = pay(claim, "60.00", date(2025, 1, 20))
            make_claim(claim_reference="B", policy=policy, loss_date=None, reported_date=None)
        with at("2025-03-10T12:00"):
            reverse_entry(payment, date(2025, 3, 2), actor=ACTOR, reason_code=WRONG_AMOUNT)
        db.session.commit()


@pytest.mark.both_databases
def test_a_claim_shows_the_facts_balances_and_entries_of_the_cut(client, book):
    known = read_page(client, "/claims/A?as_at=2025-01-31")
    booked = read_page(client, "/claims/A?as_at=2025-01-31&basis=booked")
    today = read_page(client, "/claims/A")

    pages = (known, booked, today)
    assert [page.values["Cause"] for page in pages] == ["water", "fire", "fire"]
    assert [page.values["Paid"] for page in pages] == ["0.00", "60.00", "0.00"]
    assert [len(page.tables[0]) for page in pages] == [1, 2, 3]


def test_what_came_later_is_counted_below_the_ledger(client, book):
    january = client.get("/claims/A?as_at=2025-01-31").text
    february = client.get("/claims/A?as_at=2025-02-28").text

    assert "2 later entries are left out." in january
    assert "1 later entry is left out." in february
    assert "reversed by entry" not in february
    assert "left out" not in client.get("/claims/A?as_at=2025-03-31").text
    assert "reversed by entry" in client.get("/claims/A?as_at=2025-03-31").text
    assert "left out" not in client.get("/claims/A").text


@pytest.mark.both_databases
def test_a_policy_shows_its_facts_and_the_claims_of_the_cut(client, book):
    known = read_page(client, "/policies/H1?as_at=2025-01-31")
    booked = read_page(client, "/policies/H1?as_at=2025-01-31&basis=booked")
    today = read_page(client, "/policies/H1")

    pages = (known, booked, today)
    assert [page.values["Premium"] for page in pages] == [
        *("5\u202f000.00", "6\u202f000.00", "6\u202f000.00")
    ]
    assert [[row[0][0] for row in page.tables[0]] for page in pages] == [["A"], ["A"], ["B", "A"]]
    assert [page.values["Paid"] for page in pages] == ["0.00", "60.00", "0.00"]


@pytest.mark.both_databases
def test_the_front_page_adds_the_book_up_as_at_the_day(client, book):
    known = read_page(client, "/?as_at=2025-01-31").values
    booked = read_page(client, "/?as_at=2025-01-31&basis=booked").values
    before = read_page(client, "/?as_at=2023-12-31&basis=booked").values

    names = ("Policies", "Premium", "Claims", "Open claims", "Claim cost")
    assert [known[name] for name in names] == ["1", "5\u202f000.00", "1", "1", "100.00"]
    assert [booked[name] for name in names] == ["1", "6\u202f000.00", "1", "1", "100.00"]
    assert [before[name] for name in names] == ["0", "0.00", "0", "0", "0.00"]


@pytest.mark.parametrize("page", PAGES)
def test_a_cut_has_a_banner_and_a_form_but_no_actions(client, book, page):
    cut, today = (client.get(page + query).text for query in ("?as_at=2025-02-28", ""))

    assert "As at 2025-02-28 (known):" in cut
    assert "as at 2025-02-28 · ClaimBook</title>" in cut
    assert "As at 2025" not in today
    assert all('type="date"\n           name="as_at"' in text for text in (cut, today))
    assert [action for action in ACTIONS if f'{action}"' in cut or f"{action}1" in cut] == []
    assert any(f'{action}"' in today for action in ACTIONS)
    assert "History" not in cut or "the page of today" in cut


def test_the_as_at_form_sends_empty_fields_which_the_address_loses(client, book):
    for page in PAGES:
        assert client.get(f"{page}?as_at=&basis=").location == page
        chosen = client.get(f"{page}?as_at=2025-01-31&basis=").location
        assert chosen == f"{page}?as_at=2025-01-31"


REFUSED = {
    "as_at=soon": "As at: “soon” is not a date",
    "as_at=2999-01-01": "2999-01-01 is in the future",
    "as_at=2025-01-31&basis=x": "Basis: “x” is not one of known, booked.",
    "basis=known": "give as_at too",
    "as_at=2025-01-31&as_at=2025-02-28": "As at is given more than once",
}


@pytest.mark.parametrize("query", REFUSED)
def test_a_cut_is_refused_as_lists_refuse_it(client, book, query):
    for page in (*PAGES, "/find?number=A"):
        answer = client.get(page + ("&" if "?" in page else "?") + query)
        assert answer.status_code == 400, page
        assert REFUSED[query] in answer.text
        assert "as_at=" not in answer.text.partition("<main")[0]


@pytest.mark.both_databases
def test_what_does_not_count_yet_is_not_found_and_says_from_when(client, app, book):
    with app.app_context(), at("2025-04-10T12:00"):
        early = make_claim(claim_reference="E", loss_date=None, reported_date=None)
        reserve(early, "1.00", date(2025, 4, 2))
        db.session.commit()

    reasons = {
        "/claims/A?as_at=2025-01-09": "It was recorded on 2025-01-10.",
        "/claims/A?as_at=2024-03-19&basis=booked": "from 2024-03-20, the day it was reported.",
        "/claims/E?as_at=2025-04-01&basis=booked": "from 2025-04-02, the day of its first entry.",
        "/claims/B?as_at=2025-02-09&basis=booked": "It was recorded on 2025-02-10.",
        "/policies/H1?as_at=2025-01-09": "It was recorded on 2025-01-10.",
        "/policies/H1?as_at=2023-12-31&basis=booked": "from its inception, 2024-01-01.",
    }
    for address, reason in reasons.items():
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert reason in answer.text
        assert f'<a href="{address.partition("?")[0]}">Show today</a>' in answer.text


def test_what_is_not_in_the_book_at_all_is_not_found_either(client, book):
    assert "There is no claim X." in client.get("/claims/X?as_at=2025-01-31").text
    assert "There is no policy X." in client.get("/policies/X?as_at=2025-01-31").text


def test_a_number_is_found_in_the_cut_of_the_page(client, book):
    page = client.get("/policies/H1?as_at=2025-01-31&basis=booked").text
    found = [
        client.get(f"/find?number={number}&as_at=2025-01-31&basis=booked").location
        for number in ("a", "h1")
    ]

    assert '<input type="hidden" name="as_at" value="2025-01-31">' in page
    assert '<input type="hidden" name="basis" value="booked">' in page
    assert found == [f"{path}?as_at=2025-01-31&basis=booked" for path in PAGES[1:]]
    assert '<input type="hidden" name="as_at"' not in client.get("/policies/H1").text


def test_a_cut_of_a_policy_is_paged_in_the_cut(client, app, book):
    with app.app_context(), at("2025-03-20T12:00"):
        claims = [make_claim(claim_reference=f"P-{n}") for n in range(60)]
        policy = make_policy(policy_number="P")
        for claim in claims:
            edit(claim, policy_id=policy.id)
        db.session.commit()

    first = read_page(client, "/policies/P?as_at=2025-03-31")
    older = next(address for text, address in first.links if text == "Older")
    second = read_page(client, older)

    assert "as_at=2025-03-31" in older
    assert (len(first.tables[0]), len(second.tables[0])) == (50, 10)
    assert first.values["Claims"] == second.values["Claims"] == "60"


@pytest.mark.both_databases
def test_a_longer_history_takes_no_more_statements(client, app, book, queries):
    with queries() as few:
        client.get("/claims/A?as_at=2025-03-31")
    with app.app_context(), at("2025-03-20T12:00"):
        claim = make_claim(claim_reference="LONG")
        for amount in range(1, 9):
            reserve(claim, f"{amount}.00")
            edit(claim, event_code=f"S{amount}")
        db.session.commit()
    with queries() as many:
        client.get("/claims/LONG?as_at=2025-03-31")

    assert len(many) <= len(few) <= 9
