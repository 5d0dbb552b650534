"""nginx with what people forget or mistake: the page says what is wrong, and what to set."""

import re

import pytest

from flaskr.users.models import Role
from tests.deploy.nginx import nginx
from tests.users.people import email_of
from tests.users.serving import gunicorn

pytestmark = pytest.mark.slow


def without(*headers: str):
    """The file without the lines that set headers."""
    return lambda text: re.sub(rf" proxy_set_header ({'|'.join(headers)}) .*", "", text)


def test_a_header_that_the_proxy_does_not_send_is_named(behind_nginx, tmp_path):
    with gunicorn(behind_nginx, workers=1) as (port, log):
        for name in ("X-Forwarded-For", "X-Forwarded-Proto"):
            with nginx(tmp_path / name, port, without(name)) as proxy:
                refused = proxy.browser().get("/sign_in")
                assert (refused.status, f"does not send {name}," in refused.text) == (403, True)
        with nginx(tmp_path / "none", port, without("X-Forwarded-(For|Proto)")) as proxy:
            plain = proxy.browser().get("/sign_in")
            assert plain.status == 403
            assert "does not send X-Forwarded-For and X-Forwarded-Proto" in plain.text
        assert "does not send X-Forwarded-Proto" in log.read_text()


def test_a_host_without_its_port_is_named_by_every_form(behind_nginx, tmp_path):
    with (
        gunicorn(behind_nginx, workers=1) as (port, log),
        nginx(tmp_path / "n", port, lambda text: text.replace("$http_host;", "$host;")) as proxy,
    ):
        refused = proxy.browser().sign_in(email_of(Role.HANDLER))

        named = f"This form came from a page of https://localhost:{proxy.port}, but the request"
        assert (refused.status, named in refused.text) == (400, True), refused.text
        assert "proxy_set_header Host $http_host" in refused.text
        assert named in log.read_text()


def under_a_prefix(text: str) -> str:
    """The file with what it says of a prefix."""
    headers = re.findall(r"^ +(proxy_set_header +(?!X-Forwarded-Prefix).*?;)", text, re.MULTILINE)
    headers += ["proxy_set_header X-Forwarded-Prefix /book;", "proxy_pass http://claimbook/;"]
    assert len(headers) == 8
    return text.replace("location / {", f"location /book/ {{ {' '.join(headers)} }} location / {{")


def test_a_book_under_a_prefix_is_left_by_nobody(behind_nginx, tmp_path):
    with (
        gunicorn(behind_nginx, workers=1) as (port, _),
        nginx(tmp_path / "n", port, under_a_prefix) as proxy,
    ):
        browser = proxy.browser()
        sent_away = browser.send("GET", "/book/claims", Accept="text/html")
        entered = browser.sign_in(email_of(Role.HANDLER), prefix="/book")
        claims = browser.get("/book/claims")

    assert sent_away.headers["Location"] == "/book/sign_in?next=/claims"
    assert (entered.status, entered.headers["Location"]) == (303, "/book/")
    assert (claims.status, 'href="/book/claims' in claims.text) == (200, True)
    assert set(browser.cookies) == {
        f"__Host-claimbook_{each}_{proxy.port}%2Fbook" for each in ("session", "device")
    }


def test_a_book_that_is_away_is_in_the_access_log_without_a_query(behind_nginx, tmp_path):
    with nginx(tmp_path / "n", 9) as proxy:
        assert proxy.browser().get("/claims?text=Hemlig").status == 502

        assert 'GET "/claims" 502' in proxy.log("access")
        assert "Hemlig" not in proxy.log("access") + proxy.log("error")
