"""The list pages: filter bar, headings, links and errors; no parameter causes a server error."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from flaskr.claims.filters import ClaimFilter
from flaskr.extensions import db
from flaskr.policies.filters import PolicyFilter
from tests.claims.varied import varied_claims
from tests.factories import make_claim, make_policy, reserve


@pytest.fixture
def varied(app, monkeypatch):
    monkeypatch.setattr("flaskr.web.paging.PAGE_ROWS", 5)
    with app.app_context():
        varied_claims()
        db.session.commit()


def hrefs(page: str, text: str) -> list[str]:
    links = re.findall(r"<a\b([^>]*)>\s*([^<]*?)\s*</a>", page)
    return [
        re.search(r'href="([^"]*)"', attributes)[1].replace("&amp;", "&")
        for attributes, label in links
        if label == text
    ]


def query_of(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


FILTERED = "/claims?cause=water&cause=fire&loss_from=2023-01-01&as_at=2024-06-12&basis=booked"
STATE = {
    "cause": ["fire", "water"],
    "loss_from": ["2023-01-01"],
    "as_at": ["2024-06-12"],
    "basis": ["booked"],
}


def test_every_link_of_a_filtered_list_keeps_the_filters(client, varied):
    page = client.get(f"{FILTERED}&sort=paid").text

    open_claims = query_of(hrefs(page, "Open")[0])
    following = query_of(hrefs(page, "Next")[0])
    paid = query_of(hrefs(page, "Paid")[0])
    cost = query_of(hrefs(page, "Claim cost")[0])
    files = [query_of(each) for each in hrefs(page, "Parquet")]
    ledger = query_of(hrefs(page, "Ledger entries")[0])
    now = query_of(hrefs(page, "Show today")[0])

    assert open_claims == {**STATE, "sort": ["paid"], "status": ["open"]}
    assert following.pop("after")
    assert following == {**STATE, "sort": ["paid"]}
    assert paid == {**STATE, "sort": ["-paid"]}
    assert cost == {**STATE, "sort": ["-claim_cost"]}
    assert files == [{**STATE, "sort": ["paid"], "format": ["parquet"]}]
    assert ledger == {name: STATE[name] for name in ("as_at", "basis")}
    assert now == {name: STATE[name] for name in ("cause", "loss_from")} | {"sort": ["paid"]}


def test_the_sort_order_is_shown_and_announced_to_screen_readers(client, varied):
    rising = client.get("/claims?sort=loss_date").text
    falling = client.get("/claims?sort=-loss_date").text

    assert rising.count("aria-sort=") == falling.count("aria-sort=") == 1
    assert 'aria-sort="ascending"' in rising
    assert 'aria-sort="descending"' in falling
    assert "by loss date, descending" in falling
    assert "newest first" in client.get("/claims").text


def test_a_list_as_at_a_date_has_a_banner(client, varied):
    known = client.get("/claims?as_at=2024-05-10").text
    booked = client.get("/policies?as_at=2024-05-10&basis=booked").text
    now = client.get("/claims").text

    assert "As at 2024-05-10 (known):" in known
    assert "10 claims" in known
    assert "As at 2024-05-10 (booked):" in booked
    assert "As at 2" not in now


def open_facets(page: str) -> list[str]:
    return re.findall(r"<details[^>]*\bopen>\s*<summary>\s*([\w ]+?)\s*<", page)


def test_the_filter_bar_shows_what_was_typed_and_counts_the_active_filters(client, varied):
    page = client.get("/claims?text=%C3%84LG&status=open&status=closed&cost_from=1+000,50").text
    numbers = re.findall(r"<summary>\s*([\w ]+?) <span.*?>set: </span>(\d+)</span>", page)

    assert numbers == [("Status", "2"), ("Claim cost", "1")]
    assert open_facets(page) == []
    assert 'value="ÄLG"' in page
    assert 'value="1 000,50"' in page
    assert re.search(r'value="open"\s+id="status-open"\s+checked', page)


def test_active_filters_are_listed_and_can_be_removed_one_by_one(client, varied):
    page = client.get(f"{FILTERED}&sort=paid&text=%22%3E%3Cb%3E").text
    shown = re.search(r'<ul class="given".*?</ul>', page, re.DOTALL)[0]
    texts = [
        " ".join(re.sub("<[^>]+>", " ", each).split())
        for each in re.findall("<li>.*?</li>", shown, re.DOTALL)
    ]
    without = [query_of(each.replace("&amp;", "&")) for each in re.findall('href="([^"]*)"', shown)]
    filters = {**STATE, "sort": ["paid"], "text": ['"><b>']}

    assert texts == [
        "Remove cause fire ×",
        "Remove cause water ×",
        "Remove loss from 2023-01-01 ×",
        "Remove text “&#34;&gt;&lt;b&gt;” ×",
        "Clear all",
    ]
    assert without[:2] == [{**filters, "cause": ["water"]}, {**filters, "cause": ["fire"]}]
    assert without[2] == {name: filters[name] for name in filters if name != "loss_from"}
    assert without[3] == {name: filters[name] for name in filters if name != "text"}
    assert without[4] == {name: filters[name] for name in ("as_at", "basis", "sort")}
    assert '<ul class="given"' not in client.get("/claims?sort=paid&as_at=2024-06-12").text


def test_a_form_sent_with_empty_fields_gets_a_short_address(client, varied):
    answer = client.get("/claims?text=&status=open&cause=&loss_from=&sort=&as_at=&basis=")

    assert (answer.status_code, answer.location) == (302, "/claims?status=open")
    assert client.get("/policies?text=&sort=premium").location == "/policies?sort=premium"


@pytest.mark.parametrize("path", ["/claims", "/policies"])
def test_a_refused_filter_is_opened_with_its_error_and_what_was_typed(client, varied, path):
    page = client.get(f"{path}?as_at=2999-01-01&text=word")

    assert page.status_code == 400
    assert "2999-01-01 is in the future" in page.text
    assert open_facets(page.text) == ["As at"]
    assert 'value="word"' in page.text
    assert "<tbody>" not in page.text


def test_filtered_claims_are_added_up(app, client):
    with app.app_context():
        for number in range(3):
            reserve(make_claim(description="hail"), f"{number + 1}000.50")
        reserve(make_claim(), "7777.00")
        db.session.commit()

    page = client.get("/claims?text=HAIL").text

    assert "Export 3 claims" in page
    assert page.count("6\u202f001.50") == 2  # outstanding and claim cost
    assert "Recovered" not in client.get("/claims").text.split("</form>")[-1]


def test_over_ten_thousand_claims_are_not_added_up(client, varied, monkeypatch):
    monkeypatch.setattr("flaskr.web.paging.COUNTED_ROWS", 3)

    page = client.get("/claims?loss_from=2023-01-01").text

    assert "Export 3+ claims" in page
    assert "totals are shown for up to" in page


NASTY = (
    "' OR 1=1 --",
    '"; DROP TABLE claims; --',
    "%_\\/%",
    "\x00",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "9" * 400,
    "-1",
    "\u202e\u0300",
    "1; select pg_sleep(9)",
)
PARAMETERS = {
    "/claims": sorted(ClaimFilter.__dataclass_fields__),
    "/policies": sorted(PolicyFilter.__dataclass_fields__),
}


@pytest.mark.parametrize("path", PARAMETERS)
def test_no_text_in_any_parameter_causes_a_server_error(client, varied, path):
    names = [*PARAMETERS[path], "after", "before", "page", "nothing"]
    answers = {
        (name, text): client.get(f"{path}?{name}={quote(text)}") for name in names for text in NASTY
    }

    assert {answer.status_code for answer in answers.values()} <= {200, 400, 404}
    assert not any("<script>alert" in answer.text for answer in answers.values())
    assert not any(">49<" in answer.text for answer in answers.values())
    assert client.get(f"{path}?%ff=%ff&%00=1").status_code == 400
    assert "24 claims" in client.get("/claims").text


@pytest.mark.parametrize(
    "query", ["", "sort=paid", "status=open&text=a", "as_at=2024-12-31&sort=policy_number"]
)
def test_a_list_needs_no_more_queries_for_more_rows(app, client, queries, monkeypatch, query):
    monkeypatch.setattr("flaskr.web.paging.PAGE_ROWS", 2)
    counts = []
    for _ in range(2):
        with app.app_context():
            for _ in range(4):
                reserve(make_claim(policy=make_policy(), description="a"), "1")
            db.session.commit()
        client.get("/")  # the first request looks at the schema too
        with queries() as sent:
            assert client.get(f"/claims?{query}").status_code == 200
        counts.append(len(sent))

    assert counts[0] == counts[1] <= 4


@pytest.mark.parametrize("path", ["/claims?cause=fire&sort=-paid", "/policies?cancelled=no"])
def test_every_file_of_the_export_menu_has_the_rows_of_the_page(client, varied, path):
    page = client.get(path).text
    rows = re.search(r"Export (\d+) \w+", page)[1]
    addresses = {
        name: hrefs(page, name)[0]
        for name in ("CSV", "CSV for Excel", "Excel", "Parquet", "Arrow", "JSON lines")
    }
    answers = {name: client.get(address) for name, address in addresses.items()}
    manifest = client.get(hrefs(page, "Manifest")[0]).json

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        addresses, 200
    )
    assert {answer.headers["X-Row-Count"] for answer in answers.values()} == {rows}
    assert str(manifest["rows"]) == rows
    assert client.get(hrefs(page, "What the columns mean")[0]).status_code == 200


def test_the_ledger_of_one_claim_can_be_downloaded(app, client):
    with app.app_context():
        reserve(make_claim(claim_reference="W 1"), "100")
        reserve(make_claim(claim_reference="W 2"), "200")
        db.session.commit()
    file = client.get(hrefs(client.get("/claims/W 1").text, "Download this ledger")[0])

    assert file.headers["X-Row-Count"] == "1"
    assert "W 1" in file.text
