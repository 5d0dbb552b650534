"""The log: one escaped line a record and one record a request, without what people typed."""

import io
import logging
import re
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.processes.logs import FaultsLogged, configure_logging, one_line
from flaskr.settings import PROJECT_FOLDER
from flaskr.users.models import Role
from tests.addresses import address_of, fill_book
from tests.users.gate.test_roles import rules_of
from tests.users.people import email_of, signed_in_client
from tests.users.serving import Browser, environment_of, free_port, is_up

HOSTILE = ("\r\n", "\nZ INFO [-] x: forged", "\0", "\x1b[2J", "\u2028", "\x85", "\u202e")
LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) \[\S+\] \S+: .*"
)
TYPED = "Åsa-Lindqvist"


def own_handler() -> logging.StreamHandler:
    """The handler that the application has made."""
    made = [
        h
        for h in logging.getLogger().handlers
        if type(h.formatter).__module__ == "flaskr.processes.logs"
    ]
    assert len(made) == 1
    return made[0]


@pytest.fixture
def log(caplog):
    """What the application logs at the level that it has by default."""
    stream = io.StringIO()
    before = own_handler().setStream(stream)
    with caplog.at_level(logging.INFO, logger="flaskr"):
        yield stream
    own_handler().setStream(before)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_or_error_forges_a_line(sqlite_app, log, text):
    logger = logging.getLogger("flaskr.web")
    logger.warning("said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("fault %s", text)

    lines = log.getvalue().split("\n")
    assert len(lines) == 3
    assert all(LINE.fullmatch(line) for line in lines[:2])
    assert all(line.isprintable() for line in lines)


@given(st.text(st.characters(exclude_categories=[])))
def test_a_line_is_visible_and_has_all_of_the_text(text):
    line = one_line(text)

    assert line.isprintable()
    unescaped = re.sub(
        r"\\(\\|n|r|t|x..|u....|U........)",
        lambda found: found[0].encode("ascii").decode("unicode_escape"),
        line,
    )
    assert unescaped == text


def test_errors_of_errors_are_told_by_place_and_name_and_at_debug_with_their_words(sqlite_app, log):
    def fail() -> None:
        try:
            raise KeyError(TYPED)
        except KeyError as error:
            raise OSError(28, TYPED) from error

    for level in ("INFO", "DEBUG"):
        configure_logging(level)
        own_handler().setStream(log)
        with pytest.raises(SystemExit), FaultsLogged(logging.getLogger("flaskr"), "the work"):
            fail()

    configure_logging("WARNING")
    quiet, told = log.getvalue().splitlines()
    assert TYPED not in quiet
    assert re.search(r"OSError \(28\) at \S+/test_logs.py:\d+ fail, .* \| KeyError at ", quiet)
    assert TYPED in told


def test_a_request_is_one_line_with_its_page_status_size_and_time(client, log):
    with client.get(f"/claims/{TYPED}?as_at=2024-01-01") as answer:
        request_id = answer.headers["X-Request-ID"]

    (line,) = log.getvalue().splitlines()
    expected = (
        rf".*Z INFO \[{request_id}\] flaskr\.web\.request_hooks: "
        r"GET /claims/<reference:reference>: "
        r"404, \d+ bytes in \d+ ms, from 127\.0\.0\.1"
    )
    assert re.fullmatch(expected, line)
    assert len(line) < 160


@pytest.mark.parametrize("path", ["/export_claims", "/static/book.css", "/healthz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_files_have_one_line_too(client, log, path, method):
    with client.open(path, method=method, buffered=True) as answer:
        assert answer.status_code in (200, 404)

    (line,) = log.getvalue().splitlines()
    assert f" {method} /" in line


def test_nothing_that_is_typed_is_in_the_log(app, client, log):
    known = fill_book(app) | dict.fromkeys(("claim", "policy", "job", "email", "secret"), TYPED)
    for endpoint_rules in rules_of(app).values():
        for rule in endpoint_rules:
            path = address_of(app, rule, known).partition("?")[0]
            for method in rule.methods & {"GET", "POST"}:
                sent = {"text": TYPED, "reason": TYPED, "email": TYPED, "password": TYPED}
                with client.open(path, method=method, query_string=sent, data=sent):
                    pass

    assert len(log.getvalue().splitlines()) > 60
    assert TYPED not in log.getvalue()
    assert "Lindqvist" not in log.getvalue()


def test_no_address_of_a_person_is_in_the_log(signed_in_app, log, monkeypatch):
    monkeypatch.setattr("flaskr.users.gate.refusals._MAX_PER_ADDRESS", 1)
    viewer = signed_in_client(signed_in_app, Role.VIEWER)
    for _ in range(2):
        assert viewer.get("/trail").status_code == 403

    assert "too many refusals, not recorded: user " in log.getvalue()
    assert email_of(Role.VIEWER) not in log.getvalue()


@pytest.mark.parametrize("typed", ["%0d%0aforged", "%00", "%1b[2J", "%e2%80%a8", "%e2%80%ae"])
def test_an_address_or_a_method_forges_no_line(client, log, typed):
    for address in (f"/claims/{typed}", f"/{typed}", f"/claims?text={typed}", f"/claims?{typed}=1"):
        with client.get(address):
            pass
    with client.open("/claims", method="FORGED\x1b"):
        pass

    lines = log.getvalue().split("\n")
    assert len(lines) == 6
    assert all(line.isprintable() for line in lines)
    assert "forged" not in log.getvalue().lower()


def test_servers_repeat_no_request(sqlite_app):
    gunicorn = logging.getLogger("gunicorn.error")
    for said in (f"Error handling request /x?q={TYPED}", f"Invalid request from ip=1: {TYPED}"):
        record = gunicorn.makeRecord("gunicorn.error", logging.ERROR, "", 0, said, (), None)
        assert gunicorn.filter(record)
        assert TYPED not in record.getMessage()


@pytest.mark.slow
def test_flask_run_greets_and_logs_each_request_once(embedded_settings, tmp_path):
    port, said = free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "flask", "run", "--port", str(port)]
    environment = environment_of(embedded_settings) | {"LOG_LEVEL": "INFO"}
    with (
        said.open("w") as stderr,
        subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stderr=stderr) as server,
    ):
        try:
            wait_until(lambda: is_up(port))
            assert Browser(port).get(f"/claims?text={quote(TYPED)}").status == 200
            wait_until(lambda: "GET /claims" in said.read_text())  # once it has been sent
        finally:
            server.terminate()

    assert f" * Running on http://127.0.0.1:{port}" in said.read_text()
    assert said.read_text().count("GET /claims") == 1
    assert "indqvist" not in said.read_text()


def wait_until(is_so) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.1)
