"""What another site makes a browser send: every unsafe method of every page refuses it."""

import pytest

from tests.addresses import address_of, fill_book
from tests.users.gate.askers import EVERYBODY, Asker, everything, make_asker
from tests.users.gate.test_roles import rules_of, who_gets_in
from tests.users.people import csrf_of

SAFE = {"GET", "HEAD", "OPTIONS"}
OTHER_SITES = ("cross-site", "same-site")


def unsafe_of(app, known) -> list[tuple[str, str, str]]:
    """Every endpoint that changes something, with its method and an address."""
    return [
        (endpoint, method, address_of(app, rule, known))
        for endpoint, rules in rules_of(app).items()
        for rule in rules
        for method in sorted(rule.methods - SAFE)
    ]


def forged(app, asker: Asker, others_token: str) -> dict[str, Asker]:
    """The ways to ask without the token of one's own session, or from another site."""
    wrong = {"none": {}, "empty": {"csrf_token": ""}, "wrong": {"csrf_token": "x" * 90}}
    wrong["another's"] = {"csrf_token": others_token}
    ways = {name: Asker(asker.client, asker.headers, form) for name, form in wrong.items()}
    for site in OTHER_SITES:
        headers = asker.headers | {"Sec-Fetch-Site": site}
        ways[site] = Asker(asker.client, headers, asker.form)
    return ways


def answers_to(ways: dict[str, Asker], method: str, address: str) -> dict[str, int]:
    return {name: asker.ask(method, address).status_code for name, asker in ways.items()}


REFUSED = dict.fromkeys(("none", "empty", "wrong", "another's"), 400) | dict.fromkeys(
    OTHER_SITES, 403
)


def test_at_home_no_forged_request_changes_anything(app, client):
    known = fill_book(app)
    asker = Asker(client, form={"csrf_token": csrf_of(client.get("/policies/new").text)})
    other = csrf_of(app.test_client().get("/policies/new").text)
    ways = forged(app, asker, other)
    before = everything(app)

    for endpoint, method, address in unsafe_of(app, known):
        assert answers_to(ways, method, address) == REFUSED, endpoint
        assert everything(app) == before, endpoint


def test_where_people_sign_in_no_forged_request_changes_anything(signed_in_app):
    known = fill_book(signed_in_app)
    askers = {letter: make_asker(signed_in_app, letter) for letter in EVERYBODY}
    other = csrf_of(signed_in_app.test_client().get("/sign_in").text)
    before = everything(signed_in_app)

    for endpoint, method, address in unsafe_of(signed_in_app, known):
        for letter in set(who_gets_in(endpoint, method)) - {"r", "w"}:
            ways = forged(signed_in_app, askers[letter], other)
            assert answers_to(ways, method, address) == REFUSED, (endpoint, letter)
        assert everything(signed_in_app) == before, endpoint


def test_a_program_with_a_token_needs_no_form(signed_in_app):
    known = fill_book(signed_in_app)
    program = make_asker(signed_in_app, "w")
    public = ("users.sign_in", "users.set_password")
    tried = {
        endpoint: program.ask(method, address).status_code
        for endpoint, method, address in unsafe_of(signed_in_app, known)
        if "w" in who_gets_in(endpoint, method) and endpoint not in public
    }

    assert set(tried) == {"imports.upload", "imports.read", "imports.load", "imports.drop"}
    assert set(tried.values()) <= {303, 404, 409, 422}


@pytest.mark.parametrize("endpoint_of", ["/account/tokens", "/sign_out", "/people/new"])
def test_a_token_in_the_address_is_no_token(signed_in_app, endpoint_of):
    asker = make_asker(signed_in_app, "d")

    forged_address = f"{endpoint_of}?csrf_token={asker.form['csrf_token']}"

    assert asker.client.post(forged_address).status_code == 400
