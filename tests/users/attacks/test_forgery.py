"""Cross-site request forgery: every unsafe method of every page refuses it."""

import pytest

from tests.addresses import address_of, fill_book
from tests.users.gate.role_clients import EVERYBODY, RoleClient, book_contents, make_role_client
from tests.users.gate.test_roles import allowed_letters, rules_of
from tests.users.people import csrf_of

SAFE = {"GET", "HEAD", "OPTIONS"}
OTHER_SITES = ("cross-site", "same-site")


def unsafe_of(app, known) -> list[tuple[str, str, str]]:
    """Every endpoint with an unsafe method, with the method and an address."""
    return [
        (endpoint, method, address_of(app, rule, known))
        for endpoint, rules in rules_of(app).items()
        for rule in rules
        for method in sorted(rule.methods - SAFE)
    ]


def forged(app, client: RoleClient, others_token: str) -> dict[str, RoleClient]:
    """Clients without a valid CSRF token, or from another site."""
    wrong = {"none": {}, "empty": {"csrf_token": ""}, "wrong": {"csrf_token": "x" * 90}}
    wrong["another's"] = {"csrf_token": others_token}
    senders = {
        name: RoleClient(client.client, client.headers, form) for name, form in wrong.items()
    }
    for site in OTHER_SITES:
        headers = client.headers | {"Sec-Fetch-Site": site}
        senders[site] = RoleClient(client.client, headers, client.form)
    return senders


def answers_to(senders: dict[str, RoleClient], method: str, address: str) -> dict[str, int]:
    return {name: client.send(method, address).status_code for name, client in senders.items()}


REFUSED = dict.fromkeys(("none", "empty", "wrong", "another's"), 400) | dict.fromkeys(
    OTHER_SITES, 403
)


def test_in_an_open_book_no_forged_request_changes_anything(app, client):
    known = fill_book(app)
    own = RoleClient(client, form={"csrf_token": csrf_of(client.get("/policies/new").text)})
    other = csrf_of(app.test_client().get("/policies/new").text)
    senders = forged(app, own, other)
    before = book_contents(app)

    for endpoint, method, address in unsafe_of(app, known):
        assert answers_to(senders, method, address) == REFUSED, endpoint
        assert book_contents(app) == before, endpoint


def test_where_people_sign_in_no_forged_request_changes_anything(signed_in_app):
    known = fill_book(signed_in_app)
    clients = {letter: make_role_client(signed_in_app, letter) for letter in EVERYBODY}
    other = csrf_of(signed_in_app.test_client().get("/sign_in").text)
    before = book_contents(signed_in_app)

    for endpoint, method, address in unsafe_of(signed_in_app, known):
        for letter in set(allowed_letters(endpoint, method)) - {"r", "w"}:
            senders = forged(signed_in_app, clients[letter], other)
            assert answers_to(senders, method, address) == REFUSED, (endpoint, letter)
        assert book_contents(signed_in_app) == before, endpoint


def test_a_program_with_a_token_needs_no_form(signed_in_app):
    known = fill_book(signed_in_app)
    program = make_role_client(signed_in_app, "w")
    public = ("users.sign_in", "users.enter_code", "users.set_password")
    tried = {
        endpoint: program.send(method, address).status_code
        for endpoint, method, address in unsafe_of(signed_in_app, known)
        if "w" in allowed_letters(endpoint, method) and endpoint not in public
    }

    assert set(tried) == {"imports.upload", "imports.read", "imports.load", "imports.drop"}
    assert set(tried.values()) <= {303, 404, 409, 422}


@pytest.mark.parametrize("endpoint_of", ["/account/tokens", "/sign_out", "/people/new"])
def test_a_token_in_the_address_is_no_token(signed_in_app, endpoint_of):
    client = make_role_client(signed_in_app, "d")

    forged_address = f"{endpoint_of}?csrf_token={client.form['csrf_token']}"

    assert client.client.post(forged_address).status_code == 400
