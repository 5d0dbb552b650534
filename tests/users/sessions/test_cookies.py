"""Two books on one host, on two ports or under two prefixes, have cookies of their own."""

import pytest
from flask.testing import FlaskClient

from flaskr.users.models import Role
from flaskr.users.sessions.cookies import own_cookie_name
from tests.users.people import PASSWORD, add_user, csrf_of

PLACES = [
    *("http://localhost", "http://localhost:5000", "http://localhost:8443"),
    *("http://localhost/a", "http://localhost/a/b", "http://localhost/a.b", "http://localhost/a_b"),
    *("http://localhost:5000/a", "http://localhost/5000", "http://localhost/é", "http://[::1]"),
    *("http://[::1]:5000", "https://localhost", "https://localhost:8443", "https://localhost/a"),
]


def enter(client: FlaskClient, base: str, email: str) -> None:
    """Sign in to a book at a place."""
    page = client.get("/sign_in", base)
    form = {"email": email, "password": PASSWORD, "csrf_token": csrf_of(page.text)}
    referrer = {"Referer": f"{base}/sign_in"}
    assert client.post("/sign_in", base, data=form, headers=referrer).status_code == 303


@pytest.mark.parametrize("bases", [PLACES[:2], PLACES[3:5], PLACES[12:14], PLACES[12:15:2]])
def test_signing_in_to_one_book_does_not_sign_out_of_another(sqlite_signed_in, bases):
    browser, email = sqlite_signed_in.test_client(), add_user(sqlite_signed_in, Role.VIEWER)
    first, second = bases

    enter(browser, first, email)
    enter(browser, second, email)
    signed_out = browser.post(
        "/sign_out",
        second,
        data={"csrf_token": csrf_of(browser.get("/account", second).text)},
        headers={"Referer": f"{second}/account"},
    )

    assert signed_out.status_code == 303
    assert browser.get("/account", first).status_code == 200
    assert browser.get("/account", second).status_code == 401


def test_every_place_has_a_cookie_of_its_own(sqlite_app):
    names = {}
    for place in PLACES:
        with sqlite_app.test_request_context("/", place):
            names[place] = own_cookie_name("claimbook_session")

    assert len(set(names.values())) == len(PLACES) - 2  # the two of [::1], which is another host
    assert names["http://localhost"] == "claimbook_session"
    assert names["https://localhost:8443"] == "__Host-claimbook_session_8443"
    assert all(
        name.isascii() and not set(name) & set('()<>@,;:\\"/[]?={} \t') for name in names.values()
    )
