"""Setting up a second factor and signing in with its code, in a real browser."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flaskr.users.models import Role
from tests.browser.accessibility import faults_on
from tests.browser.conftest import PHONE, WIDE, visiting
from tests.browser.test_people import enter, signed_in_book  # noqa: F401
from tests.users.people import PASSWORD, add_user
from tests.users.second_factor.phones import Phone

pytestmark = pytest.mark.slow


def picture(page, name: str) -> list[str]:
    """The faults of a page; with SCREENSHOTS, a folder, its picture is kept there."""
    if folder := os.environ.get("SCREENSHOTS"):
        width, scheme = (
            page.viewport_size["width"],
            page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"),
        )
        page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
    return faults_on(page)


@pytest.mark.parametrize(
    ("width", "scheme", "javascript"),
    [(WIDE, "light", True), (PHONE, "dark", True), (PHONE, "light", False)],
)
def test_a_second_factor_is_set_up_and_used(signed_in_book, browser, width, scheme, javascript):  # noqa: F811
    app, address = signed_in_book
    email, faults = add_user(app, Role.HANDLER), []

    def look(page, name: str) -> None:
        if javascript:
            faults.extend(picture(page, name))

    with visiting(browser, address, width, scheme, javascript) as page:
        page.goto("/account/second_factor")
        enter(page, email)
        expect(page).to_have_url("/account/second_factor")
        look(page, "begin")
        page.get_by_label("Current password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        look(page, "scan")
        secret = page.locator(".secret code").inner_text().replace(" ", "")
        assert page.locator("main img").bounding_box()["width"] > 200
        page.get_by_label("Code").fill("000000")
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
        look(page, "confirm")
        page.get_by_label("Code").fill(Phone(secret, []).code(-1))
        page.get_by_role("button", name="Confirm").click()
        expect(page.locator(".secret code")).to_have_count(10)
        look(page, "recovery_codes")
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_text("10 of 10 recovery codes left")).to_be_visible()
        look(page, "account")
        page.goto("/account/second_factor")
        look(page, "show")
        page.get_by_role("button", name="Sign out").click()

        page.goto("/claims?status=open")
        enter(page, email)
        look(page, "enter_code")
        page.get_by_label("Code", exact=True).fill(Phone(secret, []).code())
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(page).to_have_url("/claims?status=open")
        expect(page.get_by_text("You last signed in on")).to_be_visible()
        look(page, "told")

    assert faults == []
