"""Who gets in where: every rule of the application, every method, everybody who could ask."""

from collections import defaultdict

import pytest

from flaskr.users.roles import PUBLIC, ROUTES
from tests.addresses import address_of, fill_book
from tests.users.gate.askers import EVERYBODY, Asker, everything, is_refusal, make_asker
from tests.users.people import csrf_of, signed_in_settings

# Written by hand. Who gets in by GET, and by POST: (n)obody in particular, (v)iewer, (h)andler,
# (a)ctuary, a(d)ministrator, a handler's token that (r)eads or (w)rites. A dash: no such method.
WHO_GETS_IN = {
    "static": ("nvhadrw", "-"),
    "health.show": ("nvhadrw", "-"),
    "users.sign_in": ("nvhadrw", "nvhadrw"),
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
    "demo.generate_random_claim": ("h", "-"),
    "exports.claims": ("hadrw", "-"),
    "exports.ledger": ("hadrw", "-"),
    "exports.policies": ("hadrw", "-"),
    "exports.dictionary": ("vhadrw", "-"),
    "exports.verify": ("had", "had"),
    "exports.kept": ("ad", "-"),
    "exports.keep": ("-", "ad"),
    "exports.kept_file": ("ad", "-"),
    "exports.kept_manifest": ("ad", "-"),
    "exports.delete_kept": ("ad", "ad"),
    "exports.trail": ("d", "-"),
    "trail.index": ("d", "-"),
    "imports.index": ("vhadrw", "-"),
    "imports.show": ("vhadrw", "-"),
    "imports.upload": ("hrw", "hw"),
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
    "users.people": ("d", "-"),
    "users.new_person": ("d", "d"),
    "users.person": ("d", "d"),
    "users.make_link": ("-", "d"),
    "users.sign_person_out": ("-", "d"),
    "users.settings": ("d", "-"),
    "users.sign_out": ("-", "vhad"),  # last, for who was let in is out
}
SAFE = ("HEAD", "GET", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
LET_IN = (200, 302, 303, 404, 409, 410, 412, 422)


def rules_of(app) -> dict[str, list]:
    found = defaultdict(list)
    for rule in app.url_map.iter_rules():
        found[rule.endpoint].append(rule)
    return found


def who_gets_in(endpoint: str, method: str) -> str | None:
    """The letters of who gets in; None where there is no such method."""
    by_get, by_post = WHO_GETS_IN[endpoint]
    letters = by_get if method in ("GET", "HEAD") else by_post if method == "POST" else "-"
    return None if letters == "-" else letters


def cells_of(app, known) -> list[tuple[str, str, list[str]]]:
    """Each endpoint, an address of it, and the methods that no other endpoint answers there."""
    rules = rules_of(app)
    answered = defaultdict(set)
    for endpoint, found in rules.items():
        for rule in found:
            answered[rule.rule] |= {(method, endpoint) for method in rule.methods - {"OPTIONS"}}
    return [
        (
            endpoint,
            address_of(app, rule, known),
            [m for m in METHODS if all(e == endpoint for n, e in answered[rule.rule] if n == m)],
        )
        for endpoint in WHO_GETS_IN
        for rule in rules[endpoint]
    ]


@pytest.fixture
def asked(signed_in_app):
    """The endpoints, each with an address and methods to try, and who asks."""
    cells = cells_of(signed_in_app, fill_book(signed_in_app))
    return cells, {letter: make_asker(signed_in_app, letter) for letter in EVERYBODY}


def test_every_page_stands_in_both_tables(app):
    endpoints = set(rules_of(app))

    assert endpoints - set(WHO_GETS_IN) == set()
    assert endpoints - set(ROUTES) - PUBLIC == set()
    assert set(ROUTES) | PUBLIC == set(WHO_GETS_IN)


def status_of(asker: Asker, method: str, address: str) -> tuple[int, bool]:
    with asker.ask(method, address) as answer:
        return answer.status_code, is_refusal(answer)


def test_who_may_not_is_refused_and_nothing_is_done(signed_in_app, asked):
    # takes seconds: everybody is refused every page, and all of the book is read after each
    cells, askers = asked
    before = everything(signed_in_app)
    wrong = []

    for endpoint, address, methods in cells:
        for method in methods:
            letters = who_gets_in(endpoint, method)
            for letter in EVERYBODY if letters is None else set(EVERYBODY) - set(letters):
                status, refused = status_of(askers[letter], method, address)
                unknown = letters is None and (status == 405 or method == "OPTIONS")
                if not (refused or unknown):
                    wrong.append((endpoint, method, letter, status))
        assert everything(signed_in_app) == before, endpoint

    assert wrong == []


def test_who_may_is_let_in(signed_in_app, asked):
    cells, askers = asked
    wrong = []

    for endpoint, address, methods in cells:
        for method in methods:
            for letter in who_gets_in(endpoint, method) or "":
                status, refused = status_of(askers[letter], method, address)
                if refused or status not in LET_IN:
                    wrong.append((endpoint, method, letter, status))

    assert wrong == []


def test_at_home_everybody_may_everything(app, client):
    asker = Asker(client, form={"csrf_token": csrf_of(client.get("/policies/new").text)})
    wrong = []

    for endpoint, address, methods in cells_of(app, fill_book(app)):
        for method in methods:
            if who_gets_in(endpoint, method):
                status, refused = status_of(asker, method, address)
                if refused or status not in LET_IN:
                    wrong.append((endpoint, method, status))

    assert wrong == []


def test_made_up_claims_are_nobodys_unless_a_setting_says_so(book_settings, make_app):
    app = make_app(signed_in_settings(book_settings, random_claims=False))
    before = everything(app)["claims"]

    for letter in "vhad":
        assert make_asker(app, letter).ask("GET", "/generate_random_claim").status_code == 403

    assert everything(app)["claims"] == before == []
