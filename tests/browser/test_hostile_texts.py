"""Script injection through every text field, on every page, in a browser."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page

from flaskr import create_app
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE
from tests.books import make_settings
from tests.browser.payloads import PAYLOADS, ROLES, fill_with
from tests.exports.serving import served as serving
from tests.users.gate.crawling import address_kind, links_of
from tests.users.gate.test_roles import EXPECTED_ACCESS, allowed_letters
from tests.users.people import PASSWORD, email_of, signed_in_settings

pytestmark = pytest.mark.slow

NO_PAGES = ("static", "health.show", "exports.", "imports.refused_rows")
NO_PAGES += ("demo.", "imports.read", "imports.load", "imports.drop", "users.sign_out")
PAGES_OF_EXPORTS = ("exports.kept", "exports.dictionary", "exports.verify", "exports.change_kept")
NOT_LINKED = {"users.sign_in", "users.enter_code", "users.set_password", "overview.find"}
NOT_LINKED |= {"exports.verify"}
NOT_LINKED |= {"closings.declare", "closings.late"}  # in a live book, and without many late rows
NOT_LINKED |= {"imports.edits"}  # of an import with few edits, which its own page shows
MOST_PAGES = 600
INJECTED = """() => [...document.querySelectorAll('*')].filter(element =>
    ['SCRIPT', 'HACKED', 'IFRAME', 'OBJECT', 'EMBED', 'BASE'].includes(element.tagName)
    || element.id === 'hacked'
    || [...element.attributes].some(given => given.name.startsWith('on') || given.name === 'style'
        || (['href', 'src', 'action', 'formaction'].includes(given.name)
            && /^\\s*(javascript|data):/i.test(given.value)))
    || (element.tagName === 'IMG' && element.getAttribute('src') === 'x')
).map(element => element.outerHTML.slice(0, 200))"""
SHOWN = """() => [document.title, document.body.innerText, document.body.textContent,
    ...[...document.querySelectorAll('input, textarea, option')].map(element => element.value)]"""
FILL = """text => {
    for (const element of document.querySelectorAll('main input, main textarea')) {
        if (['hidden', 'radio', 'checkbox', 'file', 'submit'].includes(element.type)) continue
        if (element.type !== 'textarea') element.type = 'text'
        element.removeAttribute('maxlength')
        element.value = text
    }
}"""
SEND = "[...document.querySelectorAll('main form[method=post]')].pop().submit()"


@pytest.fixture(scope="module")
def hostile_book(template_book: Path, tmp_path_factory) -> Iterator[tuple[Flask, str]]:
    """A book with sign-in and every payload in every text field, and its address."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(template_book, folder / BOOK_FILE)
    names = ("127.0.0.1", "localhost")
    app = create_app(signed_in_settings(make_settings(folder), trusted_hosts=names))
    fill_with(app)
    with serving(app) as address:
        yield app, address
    with app.app_context():
        db.engine.dispose()


@contextmanager
def looking(browser: Browser, address: str) -> Iterator[Page]:
    """A page; leaving it fails on dialogs, script errors, and violations of the content policy."""
    context = browser.new_context(base_url=address)
    context.set_default_timeout(20_000)
    page, complaints = context.new_page(), []

    def note(message: ConsoleMessage) -> None:
        if (
            message.type == "error"
            and "the server responded with a status of 4" not in message.text
        ):
            complaints.append(f"{page.url}: {message.text}")

    def refuse(dialog) -> None:
        complaints.append(f"{page.url}: {dialog.message}")
        dialog.dismiss()

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", refuse)
    yield page
    context.close()
    assert complaints == []


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign_in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def faults_of(page: Page) -> list[tuple[str, str]]:
    """The elements that were injected into a page."""
    return [(page.url, element) for element in page.evaluate(INJECTED)]


def is_page(endpoint: str) -> bool:
    return endpoint in PAGES_OF_EXPORTS or not endpoint.startswith(NO_PAGES)


def shown_on(page: Page) -> set[str]:
    """The payloads that a page shows as text."""
    texts = "\n".join(" ".join(text.split()) for text in page.evaluate(SHOWN))
    forms = {payload: (" ".join(payload.split()), short) for payload, short in PAYLOADS.items()}
    return {payload for payload, (long, short) in forms.items() if long in texts or short in texts}


def check_headers(headers: dict[str, str], url: str) -> None:
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'"), url
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy  # no script at all
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store", url


def crawl(app: Flask, page: Page) -> tuple[list, dict[str, set[str]]]:
    """Visit every linked page; return what was injected, and the payloads shown by page."""
    faults, payloads_shown = [], defaultdict(set)
    waiting, known = ["/"], set()
    while waiting and len(known) < MOST_PAGES:
        address = waiting.pop(0)
        kind = address_kind(app, "GET", address)
        endpoint = kind[1]
        if kind in known or endpoint not in EXPECTED_ACCESS or not is_page(endpoint):
            continue
        known.add(kind)
        answer = page.goto(address)
        if answer.status >= 400 and endpoint != "imports.under_way":  # a refused file says 422
            faults.append((address, answer.status))
        check_headers(answer.headers, address)
        faults += faults_of(page)
        payloads_shown[endpoint] |= shown_on(page)
        ways = links_of(address, page.content())
        waiting += [to for method, to in sorted(ways) if method == "GET"]
    assert len(known) < MOST_PAGES
    return faults, payloads_shown


ALL_ARE_SHOWN = {
    "handler": {
        *("claims.index", "claims.show", "claims.edit_facts", "policies.index", "policies.show"),
        *("policies.edit", "imports.index", "imports.show", "imports.under_way"),
        "users.account",
    },
    "administrator": {
        *("users.people", "users.person", "users.account", "trail.index", "exports.kept"),
        "privacy.erase",
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_texts_are_escaped_on_every_page(browser, hostile_book, role):
    app, address = hostile_book
    letter = {"handler": "h", "administrator": "d"}[role]

    with looking(browser, address) as page:
        sign_in(page, email_of(ROLES[role]))
        faults, payloads_shown = crawl(app, page)

    assert faults == []
    for endpoint in ALL_ARE_SHOWN[role]:
        assert payloads_shown[endpoint] == set(PAYLOADS), endpoint
    pages = {name for name in EXPECTED_ACCESS if is_page(name)} - NOT_LINKED
    assert {name for name in pages if letter in (allowed_letters(name, "GET") or "")} <= set(
        payloads_shown
    )


PARAMETERS = {
    "/claims": ("text", "policy", "status", "cost_from", "loss_from", "as_at", "sort"),
    "/policies": ("text", "cancelled"),
    "/trail": ("who", "what", "subject", "text", "day_to"),
}
PATHS = ("/@", "/claims/@", "/sign_in?next=@", "/sign_in?next=/claims%3Ftext=@", "/find?number=@")
PATHS += ("/exports?contents=@", "/exports/x@", "/people/@", "/set_password/@", "/claims?@=1")
PATHS += ("/people/erase?policy=@", "/people/show?claim=@", "/exports/@/hold", "/exports/@/let_go")
PATHS += ("/trail/refusals?day=@", "/sign_in/code?next=@")


def test_texts_in_an_address_are_escaped(browser, hostile_book):
    _, address = hostile_book
    filtered = [f"{path}?{name}=@" for path, names in PARAMETERS.items() for name in names]
    faults, payloads_shown = [], set()

    with looking(browser, address) as page:
        for paths in (PATHS, (*PATHS, *filtered)):
            for payload in PAYLOADS:
                for path in paths:
                    page.goto(path.replace("@", quote(payload, safe="")))
                    faults += faults_of(page)
                    payloads_shown |= shown_on(page)
            if paths is PATHS:
                sign_in(page, email_of(ROLES["administrator"]))

    assert faults == []
    assert payloads_shown == set(PAYLOADS)


FORMS = {
    "handler": (
        *("/claims/new", "/claims/P-1/edit", "/claims/P-1/pay", "/claims/P-1/reserve"),
        *("/claims/P-1/reverse/2", "/policies/new", "/policies/P-1/edit", "/policies/P-1/cancel"),
        "/account",
    ),
    "administrator": (
        *("/people/new", "/exports", "/account/password", "/people/erase", "/people/show"),
    ),
}


@pytest.mark.parametrize("role", ROLES)
def test_texts_that_a_form_shows_again_are_escaped(browser, hostile_book, role):
    _, address = hostile_book
    faults, payloads_shown = [], set()

    with looking(browser, address) as page:
        for path in ("/sign_in", *FORMS[role]):
            for payload in PAYLOADS:
                page.goto(path)
                page.evaluate(FILL, payload)
                with page.expect_navigation():
                    page.evaluate(SEND)
                faults += faults_of(page)
                payloads_shown |= shown_on(page)
            if path == "/sign_in":
                sign_in(page, email_of(ROLES[role]))

    assert faults == []
    assert payloads_shown == set(PAYLOADS)
