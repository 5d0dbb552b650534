"""The access table: every rule of the application, every method, every role."""

from collections import defaultdict

import pytest

from flaskr.users.roles import PUBLIC, ROUTES
from tests.addresses import address_of, fill_book
from tests.users.gate.role_clients import (
    EVERYBODY,
    RoleClient,
    book_contents,
    is_refusal,
    make_role_client,
)
from tests.users.people import csrf_of, signed_in_settings

# Written by hand. Who has access by GET, and by POST: (n)ot signed in, (v)iewer, (h)andler,
# (a)ctuary, a(d)ministrator, a handler's token that (r)eads or (w)rites. A dash: no such method.
EXPECTED_ACCESS = {
    "static": ("nvhadrw", "-"),
    "health.show": ("nvhadrw", "-"),
    "users.sign_in": ("nvhadrw", "nvhadrw"),
    "users.enter_code": ("nvhadrw", "nvhadrw"),
    "users.set_password": ("nvhadrw", "nvhadrw"),
    "overview.index": ("vhad", "-"),
    "overview.find": ("vhad", "-"),
    "claims.index": ("vhad", "-"),
    "claims.show": ("vhad", "-"),
    "claims.report": ("h", "h"),
    "claims.edit_facts": ("h", "h"),
    "claims.act": ("h", "h"),
    "claims.reverse": ("h", "h"),
    "policies.index": ("vhad", "-"),
    "policies.show": ("vhad", "-"),
    "policies.new": ("h", "h"),
    "policies.edit": ("h", "h"),
    "policies.cancel": ("h", "h"),
    "closings.index": ("ad", "-"),
    "closings.declare": ("d", "d"),
    "closings.close": ("ad", "ad"),
    "closings.show": ("ad", "-"),
    "closings.late": ("ad", "-"),
    "demo.generate_random_claim": ("h", "-"),
    "exports.claims": ("hadrw", "-"),
    "exports.ledger": ("hadrw", "-"),
    "exports.policies": ("hadrw", "-"),
    "exports.revisions": ("hadrw", "-"),
    "exports.dictionary": ("vhadrw", "-"),
    "exports.verify": ("had", "had"),
    "exports.kept": ("ad", "-"),
    "exports.keep": ("-", "ad"),
    "exports.kept_file": ("ad", "-"),
    "exports.kept_manifest": ("ad", "-"),
    "exports.change_kept": ("ad", "ad"),
    "exports.trail": ("d", "-"),
    "trail.index": ("d", "-"),
    "trail.refusals": ("d", "-"),
    "imports.index": ("vhadrw", "-"),
    "imports.show": ("vhadrw", "-"),
    "imports.edits": ("vhadrw", "-"),
    "imports.upload": ("hdrw", "hdw"),
    # Of an import of claims; test_migrations has those of a migration.
    "imports.under_way": ("hrw", "-"),
    "imports.read": ("-", "hw"),
    "imports.load": ("-", "hw"),
    "imports.drop": ("-", "hw"),
    "imports.refused_rows": ("hrw", "-"),
    "imports.undo": ("d", "d"),
    "users.account": ("vhad", "-"),
    "users.change_password": ("vhad", "vhad"),
    "users.end_session": ("-", "vhad"),
    "users.make_token": ("-", "vhad"),
    "users.revoke_token": ("-", "vhad"),
    "privacy.erase": ("d", "d"),
    "privacy.show": ("d", "d"),
    "users.second_factor": ("vhad", "vhad"),
    "users.confirm_second_factor": ("-", "vhad"),
    "users.renew_recovery_codes": ("-", "vhad"),
    "users.remove_second_factor": ("-", "vhad"),
    "users.people": ("d", "-"),
    "users.new_person": ("d", "d"),
    "users.person": ("d", "d"),
    "users.make_link": ("-", "d"),
    "users.sign_person_out": ("-", "d"),
    "users.remove_persons_second_factor": ("-", "d"),
    "users.settings": ("d", "-"),
    "users.sign_out": ("-", "vhad"),  # last, because it ends the session
}
SAFE = ("HEAD", "GET", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
ALLOWED_STATUSES = (200, 302, 303, 404, 409, 410, 412, 422)


def rules_of(app) -> dict[str, list]:
    rules = defaultdict(list)
    for rule in app.url_map.iter_rules():
        rules[rule.endpoint].append(rule)
    return rules


def allowed_letters(endpoint: str, method: str) -> str | None:
    """The letters of who has access; None if there is no such method."""
    by_get, by_post = EXPECTED_ACCESS[endpoint]
    letters = by_get if method in ("GET", "HEAD") else by_post if method == "POST" else "-"
    return None if letters == "-" else letters


def cells_of(app, known) -> list[tuple[str, str, list[str]]]:
    """Each endpoint, an address of it, and the methods that no other endpoint answers there."""
    rules = rules_of(app)
    answered = defaultdict(set)
    for endpoint, endpoint_rules in rules.items():
        for rule in endpoint_rules:
            answered[rule.rule] |= {(method, endpoint) for method in rule.methods - {"OPTIONS"}}
    return [
        (
            endpoint,
            address_of(app, rule, known),
            [m for m in METHODS if all(e == endpoint for n, e in answered[rule.rule] if n == m)],
        )
        for endpoint in EXPECTED_ACCESS
        for rule in rules[endpoint]
    ]


@pytest.fixture
def cells_and_clients(signed_in_app):
    """The endpoints, each with an address and its methods, and a client for each letter."""
    cells = cells_of(signed_in_app, fill_book(signed_in_app))
    return cells, {letter: make_role_client(signed_in_app, letter) for letter in EVERYBODY}


def test_every_page_is_in_both_access_tables(app):
    endpoints = set(rules_of(app))

    assert endpoints - set(EXPECTED_ACCESS) == set()
    assert endpoints - set(ROUTES) - PUBLIC == set()
    assert set(ROUTES) | PUBLIC == set(EXPECTED_ACCESS)


def status_of(role_client: RoleClient, method: str, address: str) -> tuple[int, bool]:
    with role_client.send(method, address) as answer:
        return answer.status_code, is_refusal(answer)


def test_forbidden_requests_are_refused_and_change_nothing(signed_in_app, cells_and_clients):
    # slow: tries every page with every role, and reads the whole book after each page
    cells, clients = cells_and_clients
    before = book_contents(signed_in_app)
    wrong = []

    for endpoint, address, methods in cells:
        for method in methods:
            letters = allowed_letters(endpoint, method)
            for letter in EVERYBODY if letters is None else set(EVERYBODY) - set(letters):
                status, refused = status_of(clients[letter], method, address)
                unknown = letters is None and (status == 405 or method == "OPTIONS")
                if not (refused or unknown):
                    wrong.append((endpoint, method, letter, status))
        assert book_contents(signed_in_app) == before, endpoint

    assert wrong == []


def test_allowed_requests_are_served(signed_in_app, cells_and_clients):
    cells, clients = cells_and_clients
    wrong = []

    for endpoint, address, methods in cells:
        for method in methods:
            for letter in allowed_letters(endpoint, method) or "":
                status, refused = status_of(clients[letter], method, address)
                if refused or status not in ALLOWED_STATUSES:
                    wrong.append((endpoint, method, letter, status))

    assert wrong == []


def test_in_an_open_book_everybody_may_do_everything(app, client):
    role_client = RoleClient(client, form={"csrf_token": csrf_of(client.get("/policies/new").text)})
    wrong = []

    for endpoint, address, methods in cells_of(app, fill_book(app)):
        for method in methods:
            if allowed_letters(endpoint, method):
                status, refused = status_of(role_client, method, address)
                if refused or status not in ALLOWED_STATUSES:
                    wrong.append((endpoint, method, status))

    assert wrong == []


def test_random_claims_are_forbidden_unless_a_setting_allows_them(book_settings, make_app):
    app = make_app(signed_in_settings(book_settings, random_claims=False))
    before = book_contents(app)["claims"]

    for letter in "vhad":
        assert (
            make_role_client(app, letter).send("GET", "/generate_random_claim").status_code == 403
        )

    assert book_contents(app)["claims"] == before == []
