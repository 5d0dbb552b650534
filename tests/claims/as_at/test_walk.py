"""The as-at walk: from lists and front page every link is followed, and files have the figures."""

import csv
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

import pytest

from flaskr.facts.claim_columns import CLAIM_COLUMNS, CLAIM_COLUMNS_BY_TYPE
from flaskr.facts.columns import total_names
from flaskr.values.money import format_money
from flaskr.web.template_filters import label_of
from tests.claims.as_at.page_reading import PageReader, read_page
from tests.claims.as_at.walked_book import CUTS, fill_walked_book
from tests.users.gate.crawling import address_kind

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]

IN_CUTS = ("overview.index", "claims.index", "claims.show", "policies.index", "policies.show")
FILES = ("exports.claims", "exports.ledger", "exports.policies")
LEAVING = ("Show today", "the page of today")
ACTIONS = ("claims.report", "claims.act", "claims.edit_facts", "claims.reverse", "policies.new")
ACTIONS += ("policies.edit", "policies.cancel", "demo.generate_random_claim")
AMOUNTS = total_names(CLAIM_COLUMNS)
COLUMNS = ",".join(each.name for each in (*CLAIM_COLUMNS, *CLAIM_COLUMNS_BY_TYPE))
LABELS = ("Paid", "Outstanding", "Claim cost", "Recovered")
Row = dict[str, str]


@pytest.fixture(scope="module")
def book(lasting_app, tmp_path_factory):
    with lasting_app.app_context():
        fill_walked_book(tmp_path_factory.mktemp("older"))
    return lasting_app


class Walk:
    """A reader of the pages and the files of one cut."""

    def __init__(self, app, cut: str) -> None:
        self.app, self.cut, self.client = app, cut, app.test_client()
        self.file: Callable[..., list[Row]] = cache(self._file)
        self.seen: dict[str, set[str]] = {endpoint: set() for endpoint in IN_CUTS}

    def _file(self, contents: str, query: str = "") -> list[Row]:
        """The rows of a file of the cut."""
        answer = self.client.get(f"/export_{contents}?{self.cut}&{query}")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))

    def claims(self, query: str = "") -> list[Row]:
        """The claims of the cut, with all columns."""
        return self.file("claims", f"columns={COLUMNS}&{query}")

    def pages(self, start: str) -> Iterator[tuple[str, str, PageReader]]:
        """Follow every link in the cut, one of each kind: endpoint, address, page."""
        waiting, known = [start], set()
        while waiting:
            address = waiting.pop(0)
            if (kind := address_kind(self.app, "GET", address)) in known:
                continue
            known.add(kind)
            page = read_page(self.client, address, self.status_of(address))
            yield kind[1], address, page
            waiting += self.links_in_cut(address, page)

    def links_in_cut(self, address: str, page: PageReader) -> list[str]:
        """The links to pages of the cut; all links to what can be as at a date must have it."""
        followed = []
        for text, href in page.links:
            to = urlsplit(urljoin(address, href))
            endpoint = "" if href.startswith("#") else address_kind(self.app, "GET", to.path)[1]
            assert endpoint not in ACTIONS, (address, href)
            if endpoint not in IN_CUTS + FILES:
                continue
            if text in LEAVING:
                assert "as_at" not in to.query
                continue
            kept = {n: v for n, v in parse_qs(to.query).items() if n in ("as_at", "basis")}
            assert kept == parse_qs(self.cut), (address, text, href)
            followed += [to.geturl()] if endpoint in IN_CUTS else []
        return followed

    def status_of(self, address: str) -> int:
        """404 for a policy that the cut does not have, though a claim on it is in the cut."""
        endpoint, number = self.matched(address)
        is_absent = endpoint == "policies.show" and number not in {
            row["policy_number"] for row in self.file("policies")
        }
        return 404 if is_absent else 200

    def matched(self, address: str) -> tuple[str, str]:
        """The endpoint of an address, and the reference or number in it."""
        path = unquote(urlsplit(address).path)
        endpoint, values = self.app.url_map.bind("localhost").match(path, method="GET")
        return endpoint, next(iter(values.values()), "")


def money(amounts: Row, *names: str) -> list[str]:
    return [format_money(Decimal(amounts[name])) for name in names]


def totals(rows: list[Row], names=AMOUNTS) -> list[str]:
    return [format_money(sum((Decimal(row[n]) for row in rows), Decimal(0))) for n in names]


def day(text: str) -> str:
    return text or "–"


def shown_rows(page: PageReader) -> list[list[str]]:
    return page.tables[0] if page.tables else []


def expected_claim(row: Row, with_policy: bool = True) -> list[str]:
    flag = {"unverified": " incomplete", "not_in_force": " not covered"}.get(row["coverage"], "")
    policy = [row["policy_number"] or "–"] if with_policy else []
    facts = [label_of(row["cause"]), day(row["loss_date"]), label_of(row["status"])]
    amounts = money(row, "paid", "outstanding", "claim_cost")
    return [row["claim_reference"] + flag, *policy, *facts, *amounts]


def check_front(walk: Walk, address: str, page: PageReader) -> None:
    claims, policies = walk.claims(), walk.file("policies")
    open_claims = sum(row["status"] in ("open", "reopened") for row in claims)

    assert [page.values[n] for n in ("Policies", "Claims", "Open claims")] == [
        *map(str, (len(policies), len(claims), open_claims))
    ]
    assert page.values["Premium"] == totals(policies, ["premium"])[0]
    assert [page.values[name] for name in LABELS] == totals(claims)
    assert shown_rows(page) == [expected_claim(row) for row in claims[:8]]


def check_claims(walk: Walk, address: str, page: PageReader) -> None:
    claims = walk.claims(urlsplit(address).query.replace(walk.cut, ""))

    assert shown_rows(page) == [expected_claim(row) for row in claims[:50]]
    if claims:
        assert [page.values[name] for name in LABELS] == totals(claims)


def check_policies(walk: Walk, address: str, page: PageReader) -> None:
    policies = walk.file("policies", urlsplit(address).query.replace(walk.cut, ""))

    assert [[*row[:2], *row[3:]] for row in shown_rows(page)] == [
        [row["policy_number"] + " cancelled" * bool(row["cancelled_on"])]
        + [label_of(row["line_of_business"]), row["inception_date"]]
        + [row["expiry_date"], *money(row, "premium", "deductible")]
        for row in policies
    ]


def check_policy(walk: Walk, address: str, page: PageReader) -> None:
    number = walk.matched(address)[1]
    policy = next((row for row in walk.file("policies") if row["policy_number"] == number), None)
    if policy is None:
        assert "counts from its inception" in str(page.values) or "empty" in page.classes
        return
    claims = walk.claims(f"policy={quote(number)}")

    assert [page.values[n] for n in ("Line of business", "Inception", "Expiry")] == [
        *(label_of(policy["line_of_business"]), policy["inception_date"], policy["expiry_date"])
    ]
    assert page.values.get("Cancelled on", "") == policy["cancelled_on"]
    assert [page.values[n] for n in ("Premium", "Deductible")] == money(
        policy, "premium", "deductible"
    )
    assert shown_rows(page) == [expected_claim(row, False) for row in claims]
    if claims:
        assert [page.values[n] for n in ("Claims", *LABELS)] == [str(len(claims)), *totals(claims)]


def check_claim(walk: Walk, address: str, page: PageReader) -> None:
    reference = walk.matched(address)[1]
    claim = next(row for row in walk.claims() if row["claim_reference"] == reference)
    entries = walk.file("ledger", f"claim={quote(reference, safe='')}")
    *balances, ledger = page.tables if entries else (*page.tables, [])

    assert page.values["h1"] == f"{reference} {label_of(claim['status'])}"
    assert f"cover-{claim['coverage']}" in page.classes
    assert [page.values[name] for name in LABELS] == money(claim, *AMOUNTS)
    assert [page.values[n] for n in ("Policy", "Cause", "Loss date", "Reported date")] == [
        *(claim["policy_number"] or "–", label_of(claim["cause"])),
        *(day(claim["loss_date"]), day(claim["reported_date"])),
    ]
    assert page.values.get("Event", "") == claim["event_code"]
    assert page.values.get("Closed", page.values.get("Declined", "")) == claim["closed_date"]
    check_types(claim, balances)
    assert [row[1:] for row in ledger] == [expected_entry(entry) for entry in entries]


def check_types(claim: Row, tables: list[list[list[str]]]) -> None:
    """A table of balances by cost type is shown when the claim has expenses."""
    by_type = {
        kind.capitalize(): money(claim, *(f"{name}_{kind}" for name in AMOUNTS))
        for kind in ("indemnity", "expense")
    }
    has_expenses = any(Decimal(claim[f"{n}_expense"]) for n in ("paid", "outstanding", "recovered"))
    shown = {row[0]: row[1:-1] for table in tables for row in table}
    assert shown == (by_type | {"Total": money(claim, *AMOUNTS)} if has_expenses else {})


def expected_entry(entry: Row) -> list[str]:
    kind = label_of(entry["entry_type"]) + (" expense" if entry["cost_type"] == "expense" else "")
    deltas = [Decimal(entry[name]) for name in ("paid", "outstanding", "recovered")]
    paid, outstanding, recovered = (
        Decimal(entry[f"{name}_after"]) for name in ("paid", "outstanding", "recovered")
    )
    after = map(format_money, (paid, outstanding, paid + outstanding, recovered))
    changes = [format_money(delta) if delta else "·" for delta in deltas]
    return [entry["transaction_date"], kind, *changes, *after]


CHECKS = dict(
    zip(
        IN_CUTS, (check_front, check_claims, check_claim, check_policies, check_policy), strict=True
    )
)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("start", ["/", "/claims", "/policies"])
def test_every_page_of_a_cut_has_the_figures_of_its_files(book, start, cut):
    walk = Walk(book, cut)

    for endpoint, address, page in walk.pages(f"{start}?{cut}"):
        CHECKS[endpoint](walk, address, page)
        walk.seen[endpoint].add(walk.matched(address)[1])

    assert walk.seen["claims.show"] == {row["claim_reference"] for row in walk.claims()}
    assert walk.seen["policies.show"] >= {row["policy_number"] for row in walk.file("policies")}
    assert all(walk.seen.values())


def test_the_cuts_differ_from_today_and_from_one_another(book):
    files = [Walk(book, cut).claims() for cut in (*CUTS, "sort=-recorded")]

    assert len({str(rows) for rows in files}) == len(files)
    assert min(map(len, files)) >= 2
