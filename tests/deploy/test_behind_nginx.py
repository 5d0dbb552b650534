"""The book behind nginx with the file of deploy/: pages, files, logs, and slow clients."""

import hashlib
import re
import time
from base64 import b64encode
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from flaskr.users.models import Role
from tests.deploy.nginx import Proxy
from tests.users.people import csrf_of, email_of
from tests.users.serving import Browser, gunicorn

pytestmark = pytest.mark.slow
SLOWEST = 2.0  # seconds that a page may take on a busy machine; with its threads held it takes 10
HEADS = b"GET /sign_in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODIES = b"POST /sign_in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\ncsrf"


def signed_in(proxy: Proxy, role: Role = Role.HANDLER) -> Browser:
    """A browser that has signed in, and says itself that it is elsewhere."""
    browser = proxy.browser()
    assert browser.sign_in(email_of(role)).status == 303
    return browser


def test_people_sign_in_and_send_forms_and_files_through_it(proxy):
    browser = signed_in(proxy)
    form = {"csrf_token": csrf_of(browser.get("/claims/new").text), "cause": "fire"}
    form |= {"loss_date": "2024-03-01", "reported_date": "2024-03-02"}

    reported = browser.post("/claims/new", form)
    rows = "".join(f"N-{number};100\n" for number in range(200_000))  # 2 MB: over a form's limit
    upload = {"csrf_token": csrf_of(browser.get("/import_claims").text)}
    upload |= {"kind": "today", "encoding": "utf-8"}
    sent = FileStorage(BytesIO(b"claim;cost\n" + rows.encode()), "a.csv", "files")
    boundary, body = encode_multipart(upload | {"files": sent})
    kind = f"multipart/form-data; boundary={boundary}"
    imported = browser.send("POST", "/import_claims", body, Content_Type=kind)
    file = browser.get("/export_claims")

    assert reported.status == 303, reported.text
    assert (imported.status, "/imports/" in imported.headers.get("Location", "")) == (303, True)
    digest = b64encode(hashlib.sha256(file.text.encode()).digest()).decode()
    assert (file.headers["X-Row-Count"], digest in file.headers["Repr-Digest"]) == ("1", True)


def test_the_trail_has_the_clients_address_and_not_what_it_says_itself(proxy):
    browser = signed_in(proxy, Role.ADMINISTRATOR)
    forged = {"X_Forwarded_For": "203.0.113.66", "X_Forwarded_Proto": "http"}
    forged |= {"X_Forwarded_Host": "evil.example", "X_Forwarded_Prefix": "/evil"}

    page = browser.send("GET", "/settings", **forged)

    assert (page.status, "/evil" in page.text) == (200, False)
    text = " ".join(page.text.split())
    for name, value in {"Client address": "127.0.0.2", "Scheme": "https"}.items():
        assert f'<code>{name}</code> </th> <td class="prose">{value}</td>' in text
    assert "127.0.0.2" in browser.get("/trail").text


def test_plain_http_is_sent_to_https(proxy):
    answer = Browser(proxy.plain_port).get("/claims?text=Eva")

    assert (answer.status, answer.headers["Location"]) == (308, "https://localhost/claims?text=Eva")


def test_the_logs_have_neither_searches_nor_names_nor_secrets(proxy):
    browser = signed_in(proxy)
    referrer = {"Referer": f"https://localhost:{proxy.port}/claims?text=Hemlig"}
    for path in ("/claims?text=Hemlig", "/people/hemlig@example.com", "/set_password/Hemlig"):
        browser.send("GET", path, **referrer)
    for path in ("//set_password/Hemlig", "/%73et_password/Hemlig?x=Hemlig", "/set_password/%0aH"):
        browser.send("GET", path, **referrer)
    with held(browser, b"GET /claims?text=Hemlig HTTP/1.1\r\nHost: localhost\r\nX: ", 1):
        pass

    lines = proxy.log("access").splitlines()

    assert "hemlig" not in (proxy.log("access") + proxy.log("error")).lower()
    assert re.search(r'^127\.0\.0\.2 \[\S+\] GET "/claims" 200 \d+ [\d.]+ s, book 200 ', lines[2])
    assert re.search(r"id [0-9a-f]{12}$", lines[2])
    assert sum('"/set_password/-" 404' in line or "/set_password/-" in line for line in lines) == 4


@contextmanager
def held(browser: Browser, start: bytes, count: int):
    """Open connections that send a start and no more."""
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(closing(browser.connect()))
            connection.connect()
            if start:
                connection.sock.sendall(start)
        yield


def times_of(browser: Browser, page: str) -> list[float]:
    """How long a page takes, again and again for three seconds."""
    taken: list[float] = []
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        began = time.monotonic()
        assert browser.get(page).status == 200
        taken.append(time.monotonic() - began)
    return taken


@pytest.mark.parametrize("start", [HEADS, BODIES, b""], ids=["heads", "bodies", "idle"])
def test_slow_clients_do_not_slow_the_book(proxy, start):
    browser = signed_in(proxy)

    with held(proxy.browser(), start, 200):
        taken = times_of(browser, "/claims")

    assert len(taken) > 3
    assert max(taken) < SLOWEST, taken


def test_without_nginx_many_threads_hold_slow_clients(behind_nginx):
    settings = replace(behind_nginx, trusted_proxies=0)
    with gunicorn(settings, workers=1, threads=128) as (port, _), held(Browser(port), HEADS, 40):
        taken = times_of(Browser(port), "/healthz")

    assert max(taken) < SLOWEST, taken
