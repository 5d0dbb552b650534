"""Pages of signing in, erasing, holds and refusals: they fit the width and are accessible."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from flaskr.users.models import Role
from flaskr.values.calendar import utc_now
from tests.browser.conftest import PHONE, WIDE, visiting
from tests.browser.guarded_book import HELD, KEPT, fill_guarded
from tests.browser.test_people import enter
from tests.browser.test_second_factor import picture
from tests.exports.serving import served as serving
from tests.users.people import email_of, signed_in_settings
from tests.users.second_factor.phones import user_with_phone

pytestmark = pytest.mark.slow

TODAY = f"{utc_now():%Y-%m-%d}"
OF_ADMINISTRATORS = {
    "erase_none": "/people/erase",
    "erase": "/people/erase?policy=H-1",
    "erase_claim": "/people/erase?claim=W-2",
    "erase_erased": "/people/erase?policy=E-1",
    "show": "/people/show?policy=H-1",
    "person": "/people/viewer@example.com",
    "trail": "/trail",
    "names_seen": "/trail?names_seen=only",
    "refusals": "/trail/refusals",
    "refusals_day": f"/trail/refusals?day={TODAY}",
    "refusals_none": f"/trail/refusals?day={TODAY}&status=503",
    "exports": "/exports",
    "held": f"/exports/{HELD}/hold",
    "let_go": f"/exports/{HELD}/let_go",
    "held_delete": f"/exports/{HELD}/delete",
    "hold": f"/exports/{KEPT}/hold",
    "not_held": f"/exports/{KEPT}/let_go",
    "delete": f"/exports/{KEPT}/delete",
    "deleted": "/exports/Old/delete",
    "settings": "/settings",
    "imports": "/imports",
}
OF_HANDLERS = {
    "account": "/account",
    "by_reason": "/claims?reason_code=other",
    "by_reason_none": "/claims?reason_code=fraud",
    "erased_claim": "/claims/E-1",
    "erased_policy": "/policies/E-1",
    "erased_edit": "/policies/E-1/edit",
    "named_claim": "/claims/W-1",
}
SCREENS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]


@pytest.fixture
def guarded_book(embedded_settings, lend_app) -> Iterator[str]:
    """The address of a filled book whose viewer has a second factor."""
    app = lend_app(signed_in_settings(embedded_settings, trusted_hosts=("127.0.0.1", "localhost")))
    user_with_phone(app, Role.VIEWER)
    fill_guarded(app)
    with serving(app) as address:
        yield address


@pytest.fixture(params=SCREENS, ids=[f"{width}-{scheme}" for width, scheme in SCREENS])
def page(request, browser, guarded_book) -> Iterator[Page]:
    with visiting(browser, guarded_book, *request.param, True) as page:
        page.goto("/sign_in")
        yield page


def send(page: Page, button: str) -> None:
    """Send a form, and wait for the whole page that answers."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=button).click()


def test_what_administrators_see_is_accessible_and_fits(page):
    faults = []
    enter(page, email_of(Role.ADMINISTRATOR))
    for name, address in OF_ADMINISTRATORS.items():
        page.goto(address)
        faults += picture(page, name)
    page.goto("/people/show?policy=nowhere")
    send(page, "Download the file")
    faults += picture(page, "show_refused")
    page.goto("/people/erase?policy=H-1")
    page.get_by_label("Also the other policies").check()
    page.get_by_label("Also delete this book's").check()
    send(page, "Look again")
    faults += picture(page, "erase_all")
    send(page, "Erase for good")
    expect(page.get_by_text("Say why: ")).to_be_visible()
    faults += picture(page, "erase_asked")
    page.get_by_label("Reason").fill("asked by the person")
    send(page, "Erase for good")
    faults += picture(page, "erase_done")

    assert faults == []


def test_what_handlers_see_is_accessible_and_fits(page):
    faults = picture(page, "sign_in")
    enter(page, email_of(Role.HANDLER))
    expect(page.get_by_text("made a link to set your password")).to_be_visible()
    faults += picture(page, "notices")
    for name, address in OF_HANDLERS.items():
        page.goto(address)
        faults += picture(page, name)
    page.goto("/claims/W-2/edit")
    page.get_by_label("Description").fill("811228-9874 called")
    send(page, "Save")
    expect(page.get_by_text("It is no identity number: save anyway").last).to_be_visible()
    faults += picture(page, "number_asked")
    page.goto("/import_claims")
    rows = "claim;cost;description\nE-1;1;Bo Ek fell\nX-1;1;811228-9874 called\n"
    sent = {"name": "of Bo Ek.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.locator("input[type=file]").set_input_files(sent)
    send(page, "Preview the import")
    faults += picture(page, "dry_run")

    assert faults == []
