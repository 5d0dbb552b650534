"""A book mounted under a prefix keeps it in every link, form, redirect and printed address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from flaskr.errors import SettingsError
from flaskr.users.models import Role
from tests.addresses import fill_book
from tests.users.attacks.hostile import ELSEWHERE
from tests.users.attacks.test_redirects import stays
from tests.users.gate.crawling import crawl
from tests.users.people import PASSWORD, add_user, csrf_of, signed_in_settings

PREFIX = "/books/motor"
MOUNTED = f"http://localhost{PREFIX}"
HTML = {"Accept": "text/html"}


def enter(client, base: str, **form: str):
    """Send the sign-in form of a mounted book."""
    token = csrf_of(client.get("/sign_in", base).text)
    return client.post("/sign_in", base, data={**form, "csrf_token": token})


@pytest.mark.parametrize(("role", "least"), [(Role.ADMINISTRATOR, 60), (None, 3)])
def test_every_link_form_and_redirect_keeps_the_prefix(sqlite_signed_in, role, least):
    fill_book(sqlite_signed_in)
    client = sqlite_signed_in.test_client()
    if role:
        enter(client, MOUNTED, email=add_user(sqlite_signed_in, role), password=PASSWORD)

    answers = crawl(sqlite_signed_in, client, PREFIX)

    assert [link for link in answers if not link[1].startswith(f"{PREFIX}/")] == []
    assert [link for link, status in answers.items() if link[0] == "GET" and status == 404] == []
    assert len(answers) > least


@pytest.mark.parametrize("page", ["/claims?status=open", "/account"])
def test_signing_in_leads_to_the_page_that_was_asked_for(sqlite_signed_in, page):
    client, email = sqlite_signed_in.test_client(), add_user(sqlite_signed_in, Role.VIEWER)

    sent_away = client.get(page, MOUNTED, headers=HTML).headers["Location"]
    asked = parse_qs(urlsplit(sent_away).query)["next"][0]
    answer = enter(client, MOUNTED, email=email, password=PASSWORD, next=asked)

    assert sent_away.startswith(f"{PREFIX}/sign_in?next=")
    assert answer.headers["Location"] == PREFIX + page


def test_signing_in_stays_in_the_mounted_book(sqlite_signed_in):
    client, email = sqlite_signed_in.test_client(), add_user(sqlite_signed_in, Role.VIEWER)
    enter(client, MOUNTED, email=email, password=PASSWORD)

    for elsewhere in (*ELSEWHERE, "/books/other/claims", f"{PREFIX}/claims", "/"):
        again = client.get("/sign_in", MOUNTED, query_string={"next": elsewhere})
        assert stays(again), elsewhere
        assert urlsplit(again.headers["Location"]).path.startswith(f"{PREFIX}/"), elsewhere


def test_a_trusted_proxy_names_the_prefix(embedded_settings, make_app):
    app = make_app(signed_in_settings(embedded_settings, trusted_proxies=1))
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", **HTML}

    for given in (PREFIX, f"{PREFIX}/"):
        answer = app.test_client().get("/claims", headers=headers | {"X-Forwarded-Prefix": given})
        assert answer.headers["Location"] == f"{PREFIX}/sign_in?next=/claims"


def test_nobody_else_names_the_prefix(sqlite_signed_in):
    answer = sqlite_signed_in.test_client().get(
        "/claims", headers={"X-Forwarded-Prefix": PREFIX, **HTML}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("changes", "mounted", "origin"),
    [
        ({}, "", "https://localhost"),
        ({}, PREFIX, f"https://localhost{PREFIX}"),
        ({"trusted_hosts": (".b.example", "c.example")}, "", "https://b.example"),
        ({"book_address": "https://b.example:8443/book/"}, "", "https://b.example:8443/book"),
        ({"book_address": "https://b.example"}, PREFIX, "https://b.example"),
    ],
)
def test_a_link_that_a_command_prints_leads_to_the_book(
    embedded_settings, make_app, monkeypatch, changes, mounted, origin
):
    app = make_app(signed_in_settings(embedded_settings, **changes))
    monkeypatch.setenv("SCRIPT_NAME", mounted)

    printed = app.test_cli_runner().invoke(args=["users", "create", "b@example.com"]).output

    assert re.search(rf"^{re.escape(origin)}/set_password/[\w-]{{43}}$", printed, re.MULTILINE)


@pytest.mark.parametrize(
    "address",
    ["book.example", "ftp://b.example", "https://", "https://b.example:port", "https://b/?a=1"],
)
def test_an_address_that_is_none_is_refused(embedded_settings, address):
    with pytest.raises(SettingsError, match="BOOK_ADDRESS"):
        signed_in_settings(embedded_settings, book_address=address)
