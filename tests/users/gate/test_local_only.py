"""An open book answers only requests from its own machine."""

from dataclasses import replace

import pytest

from flaskr.users.gate.local_only import is_loopback, is_loopback_host, refusal

LOCAL_REQUEST = {
    "protocol": "HTTP/1.1",
    "remote_address": "127.0.0.1",
    "host": "127.0.0.1:5000",
    "header_names": {"host", "user-agent", "accept"},
    "server": "Werkzeug/3.1.3",
    "access": "",
}


def test_the_book_is_open_to_local_requests():
    assert refusal(**LOCAL_REQUEST) == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_every_loopback_address_is_local(address):
    assert refusal(**LOCAL_REQUEST | {"remote_address": address}) == ""


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "localhost.", "[::1]:5000", "[::1]"])
def test_every_loopback_name_is_local(host):
    assert refusal(**LOCAL_REQUEST | {"host": host}) == ""


@pytest.mark.parametrize("address", ["192.168.0.7", "10.0.0.1", "0.0.0.0", "", "unix:", "fe80::1"])
def test_another_machine_gets_an_explanation(address):
    assert "only to the machine it runs on" in refusal(
        **LOCAL_REQUEST | {"remote_address": address}
    )


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            "claims.example.com",
            "127.0.0.1.example.com",
            "localhost.example.com",
            "example.com:80",
        ),
        *(
            "192.168.0.7:5000",
            "0.0.0.0",
            "localhost:80:80",
            "[fe80::1]",
            "2130706433",
            "0x7f000001",
        ),
    ],
)
def test_a_name_that_could_be_rebound_is_refused(host):
    assert "only to the machine it runs on" in refusal(**LOCAL_REQUEST | {"host": host})


@pytest.mark.parametrize(
    "header",
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "x-real-ip"],
)
def test_a_request_through_a_proxy_is_refused(header):
    headers = LOCAL_REQUEST["header_names"] | {header}

    assert "through a proxy" in refusal(**LOCAL_REQUEST | {"header_names": headers})


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "", "HTTP/2"])
def test_a_protocol_that_only_proxies_speak_is_refused(protocol):
    assert "through a proxy" in refusal(**LOCAL_REQUEST | {"protocol": protocol})


@pytest.mark.parametrize("server", ["gunicorn/27.0.1", "", "waitress"])
def test_another_server_needs_book_access_set_to_open(server):
    assert "BOOK_ACCESS=open" in refusal(**LOCAL_REQUEST | {"server": server})
    assert refusal(**LOCAL_REQUEST | {"server": server, "access": "open"}) == ""


def test_book_access_open_does_not_admit_other_machines():
    away = LOCAL_REQUEST | {"access": "open", "remote_address": "192.168.0.7"}

    assert refusal(**away)


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1:80", "1", "nonsense"])
def test_only_an_address_is_an_address(address):
    assert not is_loopback(address)


def test_a_host_is_named_with_or_without_its_port():
    assert is_loopback_host("127.0.0.1")
    assert is_loopback_host("127.0.0.1:65535")


PATHS = ("/", "/claims", "/policies", "/claims/new", "/export_claims", "/healthz", "/nothing")


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"REMOTE_ADDR": "192.168.0.7"}, {}),
        ({}, {"Host": "claims.example.com"}),
        ({}, {"X-Forwarded-For": "127.0.0.1"}),
        ({"SERVER_PROTOCOL": "HTTP/1.0"}, {}),
    ],
)
def test_no_page_of_an_open_book_answers_a_request_that_is_not_local(sqlite_app, environ, headers):
    client = sqlite_app.test_client()

    for path in (*PATHS, "/generate_random_claim"):
        answer = client.get(path, environ_overrides=environ, headers=headers)
        assert answer.status_code == 403
        assert "as localhost or 127.0.0.1" in answer.text


def test_under_another_server_an_open_book_needs_book_access_open(embedded_settings, make_app):
    client = make_app(replace(embedded_settings, book_access="")).test_client()

    for path in (*PATHS, "/generate_random_claim"):
        for server in ("gunicorn/27.0.1", "waitress", ""):
            answer = client.get(path, environ_overrides={"SERVER_SOFTWARE": server})
            assert (answer.status_code, "BOOK_ACCESS=open" in answer.text) == (403, True)
    own = {"SERVER_SOFTWARE": "Werkzeug/3.1.3"}
    assert client.get("/claims", environ_overrides=own).status_code == 200


def test_a_post_from_elsewhere_is_refused_too(sqlite_app):
    answer = sqlite_app.test_client().post("/claims/new", headers={"Via": "1.1 proxy"})

    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("path", ["/", "/export_claims", "/claims"])
def test_embedding_by_another_site_is_refused_and_linking_is_not(client, path):
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert client.get(path, headers=embedded).status_code == 403
    assert client.head(path, headers=linked).status_code == 200
