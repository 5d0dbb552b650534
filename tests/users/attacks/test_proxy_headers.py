"""A trusted proxy that does not say who asks is refused, and the page names the header."""

import logging

import pytest

from flaskr.users.models import Role
from tests.users.people import add_user, sign_in, signed_in_settings

BOTH = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
CLIENT, NEARER = "203.0.113.9", "192.0.2.8"


def answer_behind(make_app, settings, proxies: int, headers: dict[str, str], path="/sign_in"):
    """The answer to a request that the last of the proxies sends from this machine."""
    app = make_app(signed_in_settings(settings, trusted_proxies=proxies))
    return app.test_client().get(path, headers=headers)


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({}, "does not send X-Forwarded-For and X-Forwarded-Proto"),
        ({"X-Forwarded-Proto": "https"}, "does not send X-Forwarded-For,"),
        ({"X-Forwarded-For": CLIENT}, "does not send X-Forwarded-Proto,"),
        ({"X-Forwarded-For": "", "X-Forwarded-Proto": " "}, "X-Forwarded-For and X-Forwarded-P"),
        ({"Forwarded": f"for={CLIENT};proto=https"}, "X-Forwarded-For and X-Forwarded-Proto"),
        ({"X-Real-IP": CLIENT, "X-Forwarded-Proto": "https"}, "does not send X-Forwarded-For,"),
        (BOTH | {"X-Forwarded-Proto": "http"}, "X-Forwarded-Proto"),
        (BOTH | {"X-Forwarded-Proto": "https, http"}, "X-Forwarded-Proto"),
        (BOTH | {"X-Forwarded-For": "unknown"}, "X-Forwarded-For does not have an IP address"),
        (BOTH | {"X-Forwarded-For": f"{CLIENT}:4711"}, "X-Forwarded-For does not have an IP"),
        (BOTH | {"X-Forwarded-For": f"{CLIENT}, 127.0.0.1"}, "TRUSTED_PROXIES=1"),
        (BOTH | {"X-Forwarded-Prefix": "//evil.example"}, "X-Forwarded-Prefix"),
        (BOTH | {"X-Forwarded-Prefix": "/book/../x"}, "X-Forwarded-Prefix"),
        (BOTH | {"X-Forwarded-Prefix": "book"}, "X-Forwarded-Prefix"),
    ],
)
def test_what_one_trusted_proxy_leaves_out_is_refused_and_named(
    embedded_settings, make_app, caplog, sent, named
):
    with caplog.at_level(logging.WARNING, "flaskr"):
        answer = answer_behind(make_app, embedded_settings, 1, sent)

    assert (answer.status_code, named in answer.text) == (403, True), answer.text
    assert named in caplog.text


@pytest.mark.parametrize("name", sorted(BOTH))
def test_each_of_two_proxies_adds_its_value(embedded_settings, make_app, name):
    two = {"X-Forwarded-For": f"{CLIENT}, {NEARER}", "X-Forwarded-Proto": "https, http"}

    assert answer_behind(make_app, embedded_settings, 2, two).status_code == 200
    refused = answer_behind(make_app, embedded_settings, 2, two | {name: BOTH[name]})
    assert (refused.status_code, f"{name} has 1 of 2 values" in refused.text) == (403, True)


def test_what_the_client_says_itself_does_not_count(embedded_settings, make_app):
    app = make_app(signed_in_settings(embedded_settings, trusted_proxies=1))
    client = app.test_client()
    for name, text in {"FOR": f"192.0.2.66, {CLIENT}", "PROTO": "http, https"}.items():
        client.environ_base[f"HTTP_X_FORWARDED_{name}"] = text
    client.environ_base["HTTP_REFERER"] = "https://localhost/"
    sign_in(client, add_user(app, Role.ADMINISTRATOR))

    page = " ".join(client.get("/settings").text.split())

    understood = {"Client address": CLIENT, "Scheme": "https", "Host": "localhost"}
    for name, text in understood.items():
        assert f'<code>{name}</code> </th> <td class="prose">{text}</td>' in page


@pytest.mark.parametrize("address", ["/healthz", "/static/book.css"])
def test_the_health_check_and_the_look_of_the_refusal_need_no_proxy(
    embedded_settings, make_app, address
):
    with answer_behind(make_app, embedded_settings, 1, {}, address) as answer:
        assert answer.status_code == 200


def test_an_open_book_is_not_served_behind_trusted_proxies(embedded_settings, make_app):
    """A proxy on this machine that says nothing looks like a visitor on this machine."""
    settings = signed_in_settings(embedded_settings, trusted_proxies=1, book_access="open")
    client = make_app(settings).test_client()

    assert "X-Forwarded-For" in client.get("/claims").text
    assert client.get("/claims", headers=BOTH).status_code == 403
