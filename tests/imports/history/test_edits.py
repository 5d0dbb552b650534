"""The facts that an import changed, before and after, on its page and on those of its edits."""

import re
from decimal import Decimal

import pytest

from flaskr.claims.queries import claim_by_reference
from flaskr.facts.closed_lists import Cause
from flaskr.imports.undo.services import undo_import
from flaskr.policies.queries import policy_by_number
from tests.claims.clocks import amend, edit
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy
from tests.imports.importing import Importing

pytestmark = pytest.mark.both_databases


def edits_on(response, kind: str) -> dict[str, list[str]]:
    """What a page shows as edited, by claim or policy."""
    rows = re.findall(
        rf'<a href="/{kind}/[^"]+">([^<]+)</a>\s*</th>(.*?)</tr>', response.text, re.S
    )
    return {reference: changes_in(cells) for reference, cells in rows if "<li>" in cells}


def changes_in(cells: str) -> list[str]:
    items = re.findall(r"<li>(.*?)</li>", cells, re.S)
    return [" ".join(re.sub(r"<[^>]+>", "", item).split()) for item in items]


@pytest.fixture
def importing(session, tmp_path) -> Importing:
    """Two policies and two claims in the book; import 1 has edited one of each."""
    make_policy(policy_number="H-1")
    make_policy(policy_number="H-2")
    make_claim(claim_reference="A", policy=policy_by_number("H-1"))
    make_claim(claim_reference="B")
    importing = Importing(tmp_path)
    importing.load(
        ("Claim", "Policy number", "Cause", "Description"),
        ("A", "H-2", "fire", "Tak"),
        ("B", "", "water", ""),
    )
    return importing


def load_policies(importing: Importing) -> None:
    """Import 2 edits a policy: its premium and its policyholder."""
    titles = ("policy_number", "line_of_business", "policyholder", "inception_date", "expiry_date")
    importing.load(
        (*titles, "premium", "deductible"),
        ("H-1", "home", "Bo Ek", "2024-01-01", "2025-01-01", "1234.50", "1500"),
    )


def test_an_import_lists_the_facts_that_it_changed_before_and_after(client, importing):
    load_policies(importing)

    of_claims, of_policies = client.get("/imports/1"), client.get("/imports/2")

    assert edits_on(of_claims, "claims") == {
        "A": ["policy H-1 →became H-2", "cause water →became fire", "description changed"]
    }
    assert edits_on(of_policies, "policies") == {
        "H-1": ["premium 5 000.00 →became 1 234.50", "policyholder changed"]
    }
    assert "Policies edited" not in of_claims.text
    assert "Åsa" not in of_policies.text
    assert "Bo Ek" not in of_policies.text


def test_what_was_edited_since_does_not_change_what_the_import_did(client, session, importing):
    load_policies(importing)
    edit(claim_by_reference("A"), cause=Cause.STORM)
    edit(claim_by_reference("A"), cause=Cause.WATER)
    amend(policy_by_number("H-1"), premium=Decimal("9.00"))
    session.commit()

    assert "cause water →became fire" in edits_on(client.get("/imports/1"), "claims")["A"]
    assert edits_on(client.get("/imports/2"), "policies")["H-1"][0].endswith("1 234.50")


def test_an_undo_lists_what_it_changed_back(client, session, importing):
    undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)
    session.commit()

    page = client.get("/imports/2")

    assert edits_on(page, "claims") == {"A": ["policy H-2 →became H-1", "cause fire →became water"]}
    assert "Claims changed back" in page.text


def test_many_edits_are_paged_in_order_with_few_queries(client, importing, queries):
    references = [f"R-{number:03d}" for number in range(120)]
    importing.load(("Claim", "Cause"), *((each, "fire") for each in references))
    importing.load(("Claim", "Cause"), *((each, "water") for each in references))
    client.get("/imports/3/claims")  # the first request checks the schema too

    with queries() as sent:
        first = client.get("/imports/3/claims")
    seen, page = list(edits_on(first, "claims")), first
    while older := re.search(r'href="([^"]+)"\s+rel="next"', page.text):
        page = client.get(older[1].replace("&amp;", "&"))
        seen += edits_on(page, "claims")

    assert seen == references
    assert len(sent) == 4  # the import, the ids, the rows, the count
    shown = client.get("/imports/3")
    assert list(edits_on(shown, "claims")) == references[:50]
    assert re.search(r'href="/imports/3/claims">All 120<', shown.text)


def test_an_import_without_edits_shows_none(client, session, importing):
    importing.load(("Claim", "Cause", "Cost"), ("C", "fire", 1))

    assert "edited" not in client.get("/imports/2").text.partition("</nav>")[2]
    assert "This import edited no claims." in client.get("/imports/2/claims").text
    assert "This import edited no policies." in client.get("/imports/2/policies").text


@pytest.mark.parametrize(
    "address", ["/imports/9/claims", f"/imports/{'9' * 30}/claims", "/imports/1/x"]
)
def test_edits_of_what_is_not_there_are_not_found(client, importing, address):
    assert client.get(address).status_code == 404
