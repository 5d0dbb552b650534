"""Signing in and out, tokens and users, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from flaskr.users.models import Role
from tests.browser.accessibility import faults_on
from tests.browser.conftest import PHONE, WIDE, visiting
from tests.exports.serving import served as serving
from tests.users.people import PASSWORD, add_user, signed_in_settings

pytestmark = pytest.mark.slow

OTHER_PASSWORD = "kvarnhjul under paraply 9"


@pytest.fixture
def signed_in_book(embedded_settings, lend_app) -> Iterator[tuple]:
    """A book with sign-in, and the address where it is served."""
    app = lend_app(signed_in_settings(embedded_settings, trusted_hosts=("127.0.0.1",)))
    with serving(app) as address:
        yield app, address


def enter(page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(
    ("width", "scheme", "javascript"), [(WIDE, "light", False), (PHONE, "dark", True)]
)
def test_from_the_first_administrator_to_a_handler_at_work(
    signed_in_book, browser, width, scheme, javascript
):
    app, address = signed_in_book
    email = add_user(app, Role.ADMINISTRATOR)

    with visiting(browser, address, width, scheme, javascript) as page:
        page.goto("/people")
        enter(page, email)
        expect(page).to_have_url("/people")
        page.get_by_role("link", name="Add a user").click()
        page.get_by_label("E-mail").fill("anna@example.com")
        page.get_by_label("Name").fill("Anna Åberg")
        page.get_by_label("Role").select_option("handler")
        page.get_by_role("button", name="Add user").click()
        link = page.locator(".secret code").inner_text()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status")).to_contain_text("You have signed out")

        page.goto(link)
        page.get_by_label("New password", exact=True).fill(OTHER_PASSWORD)
        page.get_by_label("Repeat new password").fill(OTHER_PASSWORD)
        page.get_by_role("button", name="Set password").click()
        enter(page, "anna@example.com", OTHER_PASSWORD)
        page.get_by_role("link", name="Report a claim").first.click()
        page.get_by_label("Loss date").fill("2026-01-02")
        page.get_by_role("button", name="Report claim").click()
        expect(page.get_by_role("status")).to_contain_text("reported")
        expect(page.get_by_role("region", name="History")).to_contain_text("anna@example.com")
        expect(page.get_by_role("link", name="Users")).to_have_count(0)


def test_a_token_is_made_seen_once_and_revoked(signed_in_book, browser):
    app, address = signed_in_book
    email = add_user(app, Role.ACTUARY)

    with visiting(browser, address, WIDE, "light", False) as page:
        page.goto("/account")
        enter(page, email)
        page.get_by_label("Purpose").fill("nightly triangles")
        page.get_by_label("Current password").fill(PASSWORD)
        page.get_by_role("button", name="Create token").click()
        secret = page.locator(".secret code").inner_text()
        assert re.fullmatch(r"claimbook_[\w-]{43}", secret)
        page.goto("/account")
        expect(page.locator(".secret")).to_have_count(0)
        page.get_by_role("button", name="Revoke nightly triangles").click()
        expect(page.get_by_role("status")).to_contain_text("revoked")


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_the_pages_of_people_are_accessible(signed_in_book, browser, width, scheme):
    app, address = signed_in_book
    email = add_user(app, Role.ADMINISTRATOR)
    add_user(app, Role.VIEWER)
    faults = []

    with visiting(browser, address, width, scheme, True) as page:
        page.goto("/sign_in")
        faults += faults_on(page)
        enter(page, email)
        pages = ("/people", "/people/new", "/people/viewer@example.com", "/account", "/settings")
        for at in (*pages, "/trail", "/account/password"):
            page.goto(at)
            faults += faults_on(page)

    assert faults == []
