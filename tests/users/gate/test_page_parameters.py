"""Every page refuses a parameter that it does not know, and one value given twice."""

import pytest

from flaskr.audit.filters import TrailFilter
from flaskr.claims.revisions.filters import RevisionFilter
from flaskr.exports.parameters import FILE_PARAMETERS, FILTERS
from flaskr.facts.closed_lists import Contents
from flaskr.web.page_addresses import parameters_of
from flaskr.web.paging import PAGE_PARAMETERS
from tests.addresses import address_of, fill_book
from tests.users.gate.role_clients import book_contents
from tests.users.gate.test_roles import rules_of
from tests.users.people import csrf_of

AS_AT = {"as_at", "basis"}
UNCHECKED = {"static", "health.show"}
UNKNOWN = {"unknown": "1"}
CLAIMS, LEDGER, POLICIES = ({*FILTERS[each].names()} for each in Contents)
TRAIL, REVISIONS = {*TrailFilter.names()}, {*RevisionFilter.names()}
PAGING, FILES = {*PAGE_PARAMETERS}, {*FILE_PARAMETERS}
# Written by hand. Every other page takes none.
TAKEN = {
    "overview.index": AS_AT,
    "overview.find": {"number", *AS_AT},
    "claims.index": CLAIMS | PAGING,
    "claims.show": {"history", *AS_AT},
    "claims.report": {"policy"},
    "policies.index": POLICIES | PAGING,
    "policies.show": {"history", *AS_AT} | PAGING,
    "closings.late": PAGING,
    "privacy.erase": {"policy", "claim"},
    "privacy.show": {"policy", "claim"},
    "imports.index": PAGING,
    "imports.show": PAGING,
    "imports.edits": PAGING,
    "trail.index": TRAIL | PAGING,
    "trail.refusals": {"day", "status"},
    "exports.claims": CLAIMS | FILES,
    "exports.ledger": LEDGER | FILES,
    "exports.policies": POLICIES | FILES,
    "exports.revisions": REVISIONS | FILES,
    "exports.trail": TRAIL | FILES,
    "exports.kept": {"contents"} | CLAIMS | LEDGER | POLICIES | FILES,
    "users.sign_in": {"next"},
    "users.enter_code": {"next"},
}


def test_every_page_takes_the_parameters_of_the_table_and_no_other(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()} - UNCHECKED

    with app.app_context():
        taken = {endpoint: parameters_of(endpoint) for endpoint in endpoints}

    assert {endpoint: names for endpoint, names in taken.items() if names} == TAKEN


@pytest.fixture
def pages(app) -> list[tuple[str, str, str]]:
    """The endpoint, a method and an address of every page of a filled book."""
    known = fill_book(app)
    return [
        (endpoint, method, address_of(app, rule, known).partition("?")[0])
        for endpoint, rules in rules_of(app).items()
        for rule in rules
        for method in sorted({"GET", "POST"} & (rule.methods or set()))
    ]


def test_an_unknown_parameter_is_refused_by_every_page_and_method(app, client, pages):
    form = {"csrf_token": csrf_of(client.get("/claims/new").text)}
    before = book_contents(app)

    answers = {}
    for endpoint, method, address in pages:
        sent = {"query_string": UNKNOWN} | ({"data": form} if method == "POST" else {})
        with client.open(address, method=method, **sent) as answer:
            answers[endpoint, method] = answer.status_code, "“unknown”" in answer.text

    refused = {page for page, answer in answers.items() if answer == (400, True)}
    assert {endpoint for endpoint, _ in answers.keys() - refused} == UNCHECKED
    assert len(refused) > 60
    assert book_contents(app) == before


def test_the_refusal_names_the_parameters_that_the_page_takes(client):
    find, dictionary = client.get("/find?nummer=1"), client.get("/dictionary?sort=name")

    assert "There is no parameter “nummer”. The parameters are as_at, basis, number." in find.text
    assert "There is no parameter “sort”. This page takes none." in dictionary.text


@pytest.mark.slow
def test_a_parameter_of_one_value_is_refused_when_it_is_given_twice(client, pages):
    repeated = {
        name for names in (CLAIMS, LEDGER, POLICIES, TRAIL, REVISIONS) for name in names
    } - AS_AT
    tried = 0
    for endpoint, method, address in pages:
        for name in TAKEN.get(endpoint, set()) - repeated if method == "GET" else ():
            values = ["2024-12-30", "2024-12-31"]
            answer = client.get(address, query_string={name: values})
            assert answer.status_code == 400, (address, name)
            assert "is given more than once; give it once" in answer.text, (address, name)
            tried += 1
    assert tried > 50


def test_a_page_that_may_not_be_opened_says_so_first(signed_in_app):
    answer = signed_in_app.test_client().get("/claims?unknown=1", headers={"Accept": "text/html"})

    assert answer.status_code == 303
    assert answer.location == "/sign_in?next=/claims%3Funknown%3D1"
