"""A file has exactly the rows of the page with the same filter, in the same order."""

import json
from collections.abc import Callable
from itertools import product
from urllib.parse import parse_qsl, quote

import pytest
from werkzeug.datastructures import MultiDict

from flaskr.book.sealing.queries import watermark
from flaskr.claims.filters import ClaimFilter
from flaskr.claims.queries import claim_by_reference
from flaskr.extensions import db
from flaskr.policies.filters import PolicyFilter
from flaskr.web.paging import Cursor
from tests.claims.varied import varied_claims
from tests.factories import make_claim, make_policy, pay, reserve

NASTY = (
    "' OR 1=1 --",
    '"; DROP TABLE claims; --',
    "a%b_c",
    "E'\\\\x'\\",
    "\\'",
    "$1 :x %s {0}",
    "ÅÄ'ö",
)
CUTS = ("", "&as_at=2024-05-12", "&as_at=2024-06-30&basis=booked")
CLAIM_QUERIES = (
    "status=open", "cause=water&cause=fire", "line_of_business=motor", "coverage=in_force",
    "loss_from=2024-01-01&loss_to=2024-03-01", "reported_from=2024-04-21", "cost_from=500,5",
    "cost_to=2000.50", "policy=hö-1", "policy=H%253", "text=%C3%A4lg", "text=100%25", "text=a_b%5C",
    "import_id=1",
)  # fmt: skip
POLICY_QUERIES = (
    "status=cancelled", "line_of_business=property", "cancelled=no", "in_force_on=2024-03-01",
    "inception_to=2024-01-01", "expiry_to=2024-06-01", "premium_from=1", "text=%C3%B6berg",
    "import_id=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def nasty_app(lasting_app):
    with lasting_app.app_context():
        varied_claims()
        for number, text in enumerate(NASTY):
            named = text.replace("\\", "|")  # a reference has no backslash
            policy = make_policy(policy_number=f"{named} {number}", policyholder=text)
            claim = make_claim(claim_reference=named, policy=policy, description=text)
            reserve(claim, f"{number}.50")
        db.session.commit()
    return lasting_app


@pytest.fixture
def file_rows(nasty_app) -> Callable[[str, str, str], list[str]]:
    """The references that a file has for a query, in its order."""

    def rows(contents: str, column: str, query: str) -> list[str]:
        address = f"/export_{contents}?format=jsonl&columns={column}&{query}"
        answer = nasty_app.test_client().get(address)
        assert answer.status_code == 200, (query, answer.text)
        return [json.loads(line)[column] for line in answer.text.splitlines()]

    return rows


def page_rows(kind: type[ClaimFilter | PolicyFilter], column: str, query: str) -> list[str]:
    """The references on all pages of a list, in order."""
    listing = kind.from_parameters(MultiDict(parse_qsl(query))).listing()
    page = listing.page(Cursor())
    found = [getattr(row, column) for row in page.rows]
    while page.has_older:
        page = listing.page(Cursor(after=found[-1]))
        found += [getattr(row, column) for row in page.rows]
    return found


KINDS = [("claims", ClaimFilter, "claim_reference"), ("policies", PolicyFilter, "policy_number")]
FILTERED = [(*KINDS[0], query) for query in CLAIM_QUERIES]
FILTERED += [(*KINDS[1], query) for query in POLICY_QUERIES]
SORTED = [
    (*kind, f"sort={sign}{name}") for kind in KINDS for name in kind[1].SORTS for sign in ("-", "")
]


def test_each_filter_gives_the_rows_of_the_pages(nasty_app, file_rows, monkeypatch):
    # Takes seconds: each filter makes a file, and pages through its list.
    monkeypatch.setattr("flaskr.web.paging.PAGE_ROWS", 7)
    sizes = set()
    for turn, (contents, kind, column, query) in enumerate(FILTERED):
        for valuation in (CUTS[0], CUTS[1 + turn % 2]):
            with nasty_app.app_context():
                shown = page_rows(kind, column, query + valuation)
            assert (query + valuation, file_rows(contents, column, query + valuation)) == (
                query + valuation,
                shown,
            )
            sizes.add(len(shown))
    assert len(sizes) > 4


@pytest.mark.slow
def test_each_order_gives_the_rows_of_the_pages(nasty_app, file_rows, monkeypatch):
    # Takes seconds: each order makes a file, and pages through its list.
    monkeypatch.setattr("flaskr.web.paging.PAGE_ROWS", 7)
    for turn, (contents, kind, column, query) in enumerate(SORTED):
        asked = query + CUTS[turn % 3]
        with nasty_app.app_context():
            shown = page_rows(kind, column, asked)
        assert (asked, file_rows(contents, column, asked)) == (asked, shown)
        assert len(shown) > 1


def test_sql_in_a_text_filter_is_only_text(nasty_app, file_rows):
    everything = file_rows("claims", "claim_reference", "sort=recorded")
    for text in NASTY:
        with nasty_app.app_context():
            shown = page_rows(ClaimFilter, "claim_reference", f"text={quote(text)}")
        found = file_rows("claims", "claim_reference", f"text={quote(text)}")
        assert found == shown == [text.replace("\\", "|")]
    for number, text in enumerate(NASTY):
        policy = f"{text.replace(chr(92), '|')} {number}"
        assert len(file_rows("claims", "claim_reference", f"policy={quote(policy)}")) == 1
        assert file_rows("policies", "policyholder", f"text={quote(text)}") == [text]
    assert file_rows("claims", "claim_reference", "sort=recorded") == everything


def test_sql_in_a_filter_by_a_closed_list_is_refused(nasty_app):
    client = nasty_app.test_client()
    names = ("columns", "sort", "status", "since", "as_at", "format", "claim")
    for name, text in product(names, NASTY):
        for contents in ("claims", "ledger", "policies"):
            answer = client.get(f"/export_{contents}?{name}={quote(text)}")
            assert answer.status_code == (
                200 if (contents, name) == ("ledger", "claim") and "\\" not in text else 400
            )


def test_a_ledger_file_continues_where_the_last_one_ended(app, client, session):
    reserve(make_claim(claim_reference="W"), "100.00")
    session.commit()
    first = client.get("/export_ledger?columns=entry_id")
    pay(claim_by_reference("W"), "1.00")
    session.commit()
    following = client.get(f"/export_ledger?columns=entry_id&since={first.headers['X-Next-Since']}")

    assert first.data == b'"entry_id"\n1\n'
    assert following.data == b'"entry_id"\n2\n'
    assert following.headers["X-Next-Since"] == watermark()["seal"]
    assert following.headers["X-Next-Since"].startswith("2:")
    assert "X-Since-Checked" not in following.headers
    assert "X-Next-Since" not in client.get("/export_claims").headers
