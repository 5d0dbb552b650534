import re

import pytest

from flaskr.claims.filters import ClaimFilter
from flaskr.extensions import db
from flaskr.web.paging import Count
from tests.factories import make_claim, make_policy, reserve

pytestmark = pytest.mark.both_databases


def report_many() -> None:
    """A hundred and twenty claims, W-001 the oldest, on one policy."""
    policy = make_policy(policy_number="H-1")
    for number in range(1, 121):
        make_claim(claim_reference=f"W-{number:03d}", policy=policy)
    db.session.commit()


@pytest.fixture(scope="module")
def many(lasting_app):
    """A client of a book with many claims, for tests that only read."""
    with lasting_app.app_context():
        report_many()
    return lasting_app.test_client()


def rows_of(response) -> list[str]:
    return re.findall(r'href="/claims/(W-\d+)"', response.text)


def link(response, name: str) -> str:
    return re.search(rf'href="([^"]+)"[^>]*>{name}</a>', response.text)[1].replace("&amp;", "&")


def numbered(first: int, last: int) -> list[str]:
    return [f"W-{number:03d}" for number in range(first, last - 1, -1)]


@pytest.mark.parametrize("start", ["/claims", "/claims/", "/policies/H-1"])
def test_a_list_is_paged_by_key_both_ways(many, start):
    first = many.get(start)
    second = many.get(link(first, "Older"))
    third = many.get(link(second, "Older"))
    last = many.get(link(first, "Oldest"))
    back = many.get(link(third, "Newer"))
    newest = many.get(link(back, "Newer"))

    assert rows_of(first) == numbered(120, 71)
    assert rows_of(second) == numbered(70, 21)
    assert rows_of(third) == numbered(20, 1)
    assert rows_of(last) == numbered(50, 1)
    assert rows_of(back) == numbered(70, 21)
    assert rows_of(newest) == numbered(120, 71)
    assert ">Newer</a>" not in first.text
    assert ">Older</a>" not in last.text


def test_going_back_to_a_short_first_page_fills_it(many):
    page = many.get("/claims?before=W-100")

    assert rows_of(page) == numbered(120, 71)


def test_a_page_after_an_unknown_row_is_not_found(many):
    assert many.get("/claims?after=nothing").status_code == 404


def test_the_count_is_shown_up_to_a_limit(many, monkeypatch):
    assert "120 claims" in many.get("/claims").text

    monkeypatch.setattr("flaskr.web.paging.COUNTED_ROWS", 100)

    assert "100+ claims" in many.get("/claims").text


def test_claims_are_filtered_by_status_also_across_pages(app, client):
    with app.app_context():
        report_many()
        make_claim(claim_reference="W-900")
        db.session.commit()
    client_page = client.get("/claims?status=open")
    older = client.get(link(client_page, "Older"))

    assert "121 claims" in client_page.text
    assert "status=open" in link(client_page, "Older")
    assert len(rows_of(older)) == 50
    assert "No closed claims." in client.get("/claims?status=closed").text


def test_an_unknown_status_is_refused_with_a_list_of_the_valid_ones(client):
    response = client.get("/claims?status=lost")

    assert response.status_code == 400
    assert "open, reopened, closed, declined" in response.text


def test_an_empty_book_says_what_to_do(client):
    assert "No claims yet." in client.get("/claims").text
    assert "No policies yet." in client.get("/policies").text
    assert "The book is empty." in client.get("/").text


def test_a_list_needs_no_more_queries_for_more_rows(app, client, queries):
    with app.app_context():
        reserve(make_claim(policy=make_policy()), "1")
        db.session.commit()
    client.get("/")  # the first request looks at the schema too
    with queries() as few:
        client.get("/claims")
    with app.app_context():
        for _ in range(20):
            make_claim(policy=make_policy())
        db.session.commit()
    with queries() as more:
        client.get("/claims")

    assert len(few) == len(more) == 2


def test_incomplete_and_uncovered_claims_are_flagged(app, client):
    with app.app_context():
        make_claim(loss_date=None, reported_date=None)
        db.session.commit()

    assert "incomplete" in client.get("/claims").text


def test_a_count_of_nothing_is_exact(session):
    assert ClaimFilter().listing().count() == Count(0)
