"""Access to a book with sign-in: host names, plain http, proxies, cookies and headers."""

import pytest

from flaskr.users.models import Role
from tests.users.people import CSRF, add_user, sign_in, signed_in_client, signed_in_settings

PAGES = ("/", "/claims", "/sign_in", "/claims/new", "/export_claims", "/account", "/nothing")
STRANGE = [
    *("evil.example", "localhost.evil.example", "evil.example:80", "evil.localhost", "127.0.0.1"),
    *("", "localhost:80@evil.example", "localhost/x", "[::1]", "xn--localhost", "localhost.."),
    *("[::1", "a b", "<b>", "localhost:port", "localhost,evil.example", "..", "x" * 300, "\xe5"),
]
BY_PROXY = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
HARMLESS = "max-age=31536000"


def test_an_unknown_host_name_is_refused(sqlite_signed_in):
    client = signed_in_client(sqlite_signed_in, Role.HANDLER)

    for host in STRANGE:
        for path in PAGES:
            answer = client.get(path, environ_overrides={"HTTP_HOST": host})
            assert answer.status_code == 400, (host, path)
            assert "does not accept the host name in the address" in answer.text


def test_an_open_book_refuses_unknown_host_names_too(sqlite_app):
    client = sqlite_app.test_client()

    for host in set(STRANGE) - {"127.0.0.1", "[::1]"}:
        for path in PAGES:
            answer = client.get(path, environ_overrides={"HTTP_HOST": host})
            assert (answer.status_code, "as localhost or 127.0.0.1" in answer.text) == (
                403,
                True,
            ), host


def test_the_health_check_accepts_any_host_name(sqlite_signed_in):
    answer = sqlite_signed_in.test_client().get("/healthz", headers={"Host": "10.0.0.7:8000"})

    assert answer.status_code == 200


def test_plain_http_from_another_machine_is_refused(sqlite_signed_in):
    client = sqlite_signed_in.test_client()

    for path in PAGES:
        answer = client.get(path, environ_overrides={"REMOTE_ADDR": "192.168.0.7"})
        assert answer.status_code == 403, path
        assert "TRUSTED_PROXIES=1" in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-Proto", "Forwarded", "X-Forwarded-For", "Via"])
def test_an_untrusted_proxy_cannot_claim_https(sqlite_signed_in, header):
    headers = {header: "https" if header.endswith("Proto") else "for=127.0.0.1;proto=https"}

    answer = sqlite_signed_in.test_client().get("/claims", headers=headers)

    assert (answer.status_code, "only over https" in answer.text) == (403, True)


def test_an_untrusted_proxy_is_refused_over_https_too(sqlite_signed_in):
    """Even if the server trusts its headers: every client would have the proxy's address."""
    client = sqlite_signed_in.test_client()

    for path in PAGES:
        answer = client.get(path, headers=BY_PROXY, base_url="https://localhost")
        assert answer.status_code == 403, path
        assert "TRUSTED_PROXIES=1" in answer.text


@pytest.fixture
def behind_a_proxy(sqlite_signed_in, embedded_settings, make_app):
    """The same book behind one trusted proxy."""
    return make_app(signed_in_settings(embedded_settings, trusted_proxies=1))


def browser_of(app):
    """A client whose requests come through the proxy."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "192.168.0.7"
    for name, text in BY_PROXY.items():
        client.environ_base[f"HTTP_{name.upper().replace('-', '_')}"] = text
    return client


def test_behind_a_trusted_proxy_with_https_people_sign_in(behind_a_proxy):
    email, client = add_user(behind_a_proxy, Role.HANDLER), browser_of(behind_a_proxy)
    form = client.get("/sign_in", base_url="https://localhost")
    data = {"email": email, "password": "wrong", "csrf_token": CSRF.search(form.text)[1]}

    refused = client.post(
        "/sign_in",
        base_url="https://localhost",
        headers={"Referer": "https://localhost/sign_in"},
        data=data,
    )

    assert refused.status_code == 422
    cookie = form.headers["Set-Cookie"]
    parts = {part.strip() for part in cookie.split(";")}
    assert cookie.startswith("__Host-claimbook_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert "domain" not in cookie.lower()
    assert form.headers["Strict-Transport-Security"].startswith(HARMLESS)


def test_a_trusted_proxy_that_does_not_forward_https_is_refused(behind_a_proxy):
    client = behind_a_proxy.test_client()
    client.environ_base["REMOTE_ADDR"] = "192.168.0.7"

    for headers in ({}, {"X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.9"}):
        assert client.get("/sign_in", headers=headers).status_code == 403


def test_a_forwarded_host_name_must_be_trusted(behind_a_proxy):
    client = browser_of(behind_a_proxy)

    answer = client.get("/sign_in", headers={"X-Forwarded-Host": "evil.example"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("host", "referrer", "named"),
    [
        ("localhost", None, "no Referer header"),
        ("localhost", "https://evil.example/", "https://evil.example,"),
        ("localhost", "http://localhost/sign_in", "http://localhost,"),
        ("localhost", "https://localhost:8443/sign_in", "https://localhost:8443,"),
        ("localhost:8443", "https://localhost/sign_in", "the book as localhost:8443"),
        ("localhost", "https://localhost:port/", "an address that cannot be read"),
        ("localhost", "https://[::1]:8443/", "https://[::1]:8443,"),
        ("localhost", "<b>", "the book as localhost"),
    ],
)
def test_a_form_refused_for_its_referrer_says_so(behind_a_proxy, caplog, host, referrer, named):
    email, client = add_user(behind_a_proxy, Role.HANDLER), browser_of(behind_a_proxy)
    page = client.get("/sign_in", base_url=f"https://{host}")
    data = {"email": email, "password": "x", "csrf_token": CSRF.search(page.text)[1]}
    headers = {"Referer": referrer} if referrer else {}

    answer = client.post("/sign_in", base_url=f"https://{host}", headers=headers, data=data)

    assert (answer.status_code, named in answer.text) == (400, True), answer.text
    assert "expired" not in answer.text
    assert "<b>" not in answer.text
    assert named in caplog.text


def test_a_form_with_the_right_referrer_and_a_wrong_token_has_expired(behind_a_proxy):
    client = browser_of(behind_a_proxy)

    for host in ("localhost", "localhost:8443", "localhost:443", "LOCALHOST"):
        own = {"Referer": f"https://{host.lower().removesuffix(':443')}/sign_in"}
        answer = client.post("/sign_in", base_url=f"https://{host}", headers=own)
        assert (answer.status_code, "has expired" in answer.text) == (400, True), answer.text


def test_over_local_http_the_cookie_is_httponly_and_samesite_too(sqlite_signed_in):
    client = sqlite_signed_in.test_client()

    answer = sign_in(client, add_user(sqlite_signed_in, Role.VIEWER))

    cookies = answer.headers.getlist("Set-Cookie")
    assert {each.partition("=")[0] for each in cookies} == {"claimbook_session", "claimbook_device"}
    for cookie in cookies:
        parts = {part.strip() for part in cookie.split(";")}
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= parts
        assert "Secure" not in cookie
    assert "Strict-Transport-Security" not in answer.headers


def test_every_response_has_the_security_headers(sqlite_signed_in):
    client = signed_in_client(sqlite_signed_in, Role.HANDLER)
    paths = (*PAGES, "/healthz", "/static/book.css", "/export_claims?manifest=1", "/imports")

    for path in paths:
        for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
            with client.open(path, method=method) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "same-origin"
                caching = answer.headers.get("Cache-Control", "")
                if answer.mimetype == "text/html" and method != "OPTIONS":
                    assert caching == "no-store", (path, method)
                if path.startswith("/export") and answer.status_code == 200 and method == "GET":
                    assert caching == "no-store", path


def test_a_too_large_request_is_refused(sqlite_signed_in):
    client = signed_in_client(sqlite_signed_in, Role.HANDLER)

    answer = client.post("/claims/new", data={"description": "x" * 2 * 1024 * 1024})

    assert answer.status_code == 413
