import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.services import event_values
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from tests.audit.events import make_event
from tests.factories import make_claim, make_policy, pay, reserve

ANNA = "anna@example.com"
MANY = 3000
HOSTILE = (
    "'; DROP TABLE audit_events; --",
    "<script>alert(1)</script>",
    "\0",
    "9" * 5000,
    "-1",
    "2026-02-30",
    "0001-01-01",
    "../../etc/passwd",
)


def numbers(response) -> list[int]:
    """The ids of the events that a page shows."""
    return [int(number) for number in re.findall(r">event (\d+)<", response.text)]


def link(response, name: str) -> str:
    return re.search(rf'href="([^"]+)"[^>]*>{name}</a>', response.text)[1].replace("&amp;", "&")


def insert_events(count: int, at: datetime, **changes) -> None:
    """Insert events of one instant, bypassing the session."""
    values = event_values(Action.REFUSED, Subject.PAGE, "POST /Åsa", actor="nobody")
    rows = [values | {"recorded_at": at} | changes for _ in range(count)]
    db.session.execute(insert(AuditEvent), rows)


@pytest.fixture
def varied(app):
    """Seven events of different actors, actions, objects and days."""
    with app.app_context():
        claim = make_claim(claim_reference="W-1", policy=make_policy(policy_number="H-1"))
        edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ANNA)
        make_event(actor=ANNA)
        make_event(Action.IMPORT_LOADED, Subject.IMPORT, "7", actor="bo@example.com")
        db.session.commit()
        insert_events(1, datetime(2024, 3, 31, 21, 59, tzinfo=UTC))
        insert_events(1, datetime(2024, 3, 31, 22, 0, tzinfo=UTC))
        db.session.commit()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [7, 6, 5, 4, 3, 2, 1]),
        ("sort=recorded", [1, 2, 3, 4, 5, 6, 7]),
        (f"who={ANNA}", [4, 3]),
        ("who=anna", []),
        ("what=claim_edited", [3]),
        ("what=claim_edited&what=refused", [7, 6, 3]),
        ("kind=import", [5]),
        ("kind=claim&subject=W-1", [3, 2]),
        ("subject=H-1", [1]),
        ("day_to=2024-03-31", [6]),  # in the book's time zone, in summer time
        ("day_from=2024-04-01&day_to=2024-04-01", [7]),
        ("day_from=2024-04-02", [5, 4, 3, 2, 1]),
        ("text=åSA", [7, 6]),
        ("text=EXAMPLE.com", [5, 4, 3]),
        (f"who={ANNA}&what=signed_in", [4]),
    ],
)
def test_each_filter_shows_the_matching_events(client, varied, query, expected):
    assert numbers(client.get(f"/trail?{query}")) == expected


def test_an_event_is_shown_in_words_with_a_link_to_its_object(client, varied):
    page = client.get("/trail").text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())

    assert '<a href="/claims/W-1">W-1</a>' in page
    assert '<a href="/policies/H-1">H-1</a>' in page
    assert '<a href="/imports/7">import 7</a>' in page
    assert "Claim edited : W-1 cause water → became fire" in text
    assert "premium 5 000.00" in text
    assert "policyholder changed" in text
    assert "Åsa Öberg" not in page
    assert "{&#34;" not in page
    assert '{"' not in page


def test_the_event_of_an_entry_leads_to_the_entry_and_back(app, client):
    with app.app_context():
        claim = make_claim(claim_reference="W-1")
        entry_ids = [reserve(claim, "100").id, pay(claim, "10").id]
        db.session.commit()
    trail, claim_page = client.get("/trail"), client.get("/claims/W-1")

    for entry_id in entry_ids:
        assert f'href="/claims/W-1#entry-{entry_id}"' in trail.text
        assert f'<tr id="entry-{entry_id}">' in claim_page.text
    to_events = re.search(r'href="(/trail\?[^"]*what=entry_posted[^"]*)"', claim_page.text)[1]
    assert numbers(client.get(to_events.replace("&amp;", "&"))) == [3, 2]


def test_each_filter_can_be_removed(client, varied):
    page = client.get(f"/trail?who={ANNA}&what=claim_edited&day_from=2024-04-02")

    for left in (
        "what=claim_edited&day_from=2024-04-02",
        "who=anna@example.com&day_from=2024-04-02",
    ):
        assert any(
            sorted(left.split("&")) == sorted(address.replace("%40", "@").split("&"))
            for address in re.findall(r'href="/trail\?([^"]+)"', page.text.replace("&amp;", "&"))
        )


def test_an_empty_trail_and_one_without_a_match_say_so(client, varied):
    assert "No events match." in client.get("/trail?text=nothing").text


def test_an_empty_trail_says_what_it_will_show(client):
    page = client.get("/trail")

    assert page.status_code == 200
    assert "No events yet." in page.text


def test_parameters_sent_empty_are_left_out_of_the_address(client):
    answer = client.get("/trail?who=&what=&text=x")

    assert (answer.status_code, answer.location) == (302, "/trail?text=x")


@pytest.mark.parametrize("name", ["what", "kind", "day_from", "day_to", "sort"])
@pytest.mark.parametrize("value", HOSTILE)
def test_an_unreadable_value_is_refused_in_a_sentence(client, name, value):
    answer = client.get("/trail", query_string={name: value})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("name", ["who", "subject", "text"])
@pytest.mark.parametrize("value", HOSTILE)
def test_any_text_can_be_searched_for(client, name, value):
    answer = client.get("/trail", query_string={name: value})

    is_readable = "\0" not in value and (name != "text" or len(value) <= 100)
    assert answer.status_code == (200 if is_readable else 400)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("query", ["as_at=2024-01-01", "basis=known", "status=open", "id=1"])
def test_an_unknown_value_is_refused_with_the_valid_ones(client, query):
    answer = client.get(f"/trail?{query}")

    assert answer.status_code == 400
    names = "after, before, day_from, day_to, kind, names_seen, page, request_id, sha256, sort"
    assert f"The parameters are {names}, subject, text, what, who, why." in answer.text


@pytest.mark.parametrize("value", ["x", "1.5", "-1", "²", "9" * 30, "1;DROP"])
def test_a_page_that_begins_at_an_unknown_row_is_not_found(client, value):
    assert client.get("/trail", query_string={"after": value}).status_code == 404


def test_thousands_of_events_are_paged_both_ways_with_few_queries(app, client, queries):
    with app.app_context():
        insert_events(MANY, datetime(2024, 3, 1, tzinfo=UTC))
        db.session.commit()
    client.get("/")  # the first request checks the schema too
    seen, sent_for = [], set()

    with queries() as sent:
        page = client.get("/trail")
    first = page
    while True:
        seen += numbers(page)
        sent_for.add(len(sent))
        if ">Older</a>" not in page.text:
            break
        with queries() as sent:
            page = client.get(link(page, "Older"))

    assert seen == list(range(MANY, 0, -1))
    assert sent_for == {3}
    assert numbers(client.get(link(first, "Oldest"))) == list(range(50, 0, -1))
    assert numbers(client.get(link(page, "Newer"))) == list(range(100, 50, -1))
    assert f"{MANY // 1000}\u202f000 events" in first.text


def test_a_filter_is_kept_from_page_to_page(app, client):
    with app.app_context():
        insert_events(60, datetime(2024, 3, 1, tzinfo=UTC))
        insert_events(60, datetime(2024, 3, 1, tzinfo=UTC), actor=ANNA)
        insert_events(60, datetime(2024, 3, 1, tzinfo=UTC))
        db.session.commit()

    page = client.get(f"/trail?who={ANNA}")
    older = client.get(link(page, "Older"))

    assert numbers(page) + numbers(older) == list(range(120, 60, -1))
