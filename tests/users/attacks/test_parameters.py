"""Injection into SQL, headers and paths, through every parameter of every list and file."""

import logging

import pytest

from flaskr.audit.filters import TrailFilter
from flaskr.exports.parameters import FEEDS, FILTERS
from flaskr.web.page_addresses import parameters_of
from tests.addresses import address_of, fill_book
from tests.users.attacks.hostile import HOSTILE, QUOTES
from tests.users.gate.role_clients import book_contents
from tests.users.gate.test_roles import rules_of

pytestmark = pytest.mark.slow

ANSWERED = (200, 302, 303, 400, 404, 405, 409, 410, 414, 422)
VALID_VALUES = {
    "as_at": "2024-12-31",
    "sort": "-recorded",
}  # valid values, so that the other parameters are parsed
FILE_ENDPOINTS = {f"exports.{contents}" for contents in FILTERS}


def parameters_by_address(app, known, are_files: bool) -> dict[str, set[str]]:
    """The names of the parameters of every page, or of every file, that takes some."""
    with app.app_context():
        taken = [(rule, parameters_of(rule.endpoint)) for rule in app.url_map.iter_rules()]
    return {
        address_of(app, rule, known).partition("?")[0]: names
        for rule, names in taken
        if names and (rule.endpoint in FILE_ENDPOINTS) is are_files
    }


def is_whole(answer) -> bool:
    """Whether a response has an expected status and no injected headers."""
    is_split = any("\n" in value or "\r" in value for _, value in answer.headers)
    return answer.status_code in ANSWERED and not is_split and "X-Injected" not in answer.headers


def book_of(app) -> dict[str, object]:
    """The contents that no request may change; exports are recorded, with their reasons."""
    recorded = ("audit_events", "event_texts", "files")
    contents = book_contents(app)
    return {name: contents[name] for name in contents if name not in recorded}


def unexpected_answers(client, path: str, names, texts) -> list[tuple]:
    """The parameters and texts that did not get a proper response."""
    wrong = []
    valid = {name: VALID_VALUES[name] for name in names & VALID_VALUES.keys()}
    for name in names:
        for text in texts:
            alone, among_others = {name: text}, {**valid, name: text}
            for query in [alone] if among_others == alone else [alone, among_others]:
                with client.get(path, query_string=query) as answer:
                    if not is_whole(answer):
                        wrong.append((path, query, answer.status_code))
    return wrong


@pytest.fixture
def filled_book(app, caplog):
    """A filled book; afterwards it must be unchanged, and no error logged."""
    known = fill_book(app)
    before = book_of(app)
    with caplog.at_level(logging.ERROR):
        yield known
    assert [record.getMessage() for record in caplog.records] == []
    assert book_of(app) == before


def test_no_parameter_of_a_page_breaks_out(app, client, filled_book):
    for path, names in parameters_by_address(app, filled_book, are_files=False).items():
        assert unexpected_answers(client, path, names, HOSTILE) == []


def test_no_parameter_of_a_file_breaks_out(app, client, filled_book):
    for path, names in parameters_by_address(app, filled_book, are_files=True).items():
        assert (
            unexpected_answers(client, path, names, [*QUOTES[:3], "\x00", "a\r\nX-Injected: yes"])
            == []
        )


def test_a_sort_with_anything_appended_is_refused(client, filled_book):
    kinds = {f"/{contents}": of for contents, of in FILTERS.items() if contents not in FEEDS}
    kinds |= {"/trail": TrailFilter} | {
        f"/export_{contents}": of for contents, of in FILTERS.items()
    }
    for path, kind in kinds.items():
        for column in ("recorded", *kind.SORTS):
            for text in ("'", "--", " desc", ",id", ";", "\x00", ")"):
                for sort in (column + text, f"-{column}{text}", text + column):
                    assert client.get(path, query_string={"sort": sort}).status_code == 400, sort


def test_no_part_of_a_path_breaks_out(app, client, filled_book):
    known = dict.fromkeys(("claim", "policy", "job", "session", "token", "email", "secret"), "@@")
    addresses = {
        address_of(app, rule, known | {"import": 1}).replace("E-get", "@@")
        for rules in rules_of(app).values()
        for rule in rules
    }
    tried = [address for address in addresses if "@@" in address or "%40%40" in address]

    for address in tried:
        for text in HOSTILE:
            path = address.replace("%40%40", "@@").replace("@@", text)
            sent = {"PATH_INFO": path.encode("utf-8", "replace").decode("latin-1")}
            assert is_whole(client.get("/", environ_overrides=sent)), sent
    assert len(tried) > 15


def test_no_header_breaks_out(client, filled_book):
    for path in ("/claims", "/export_claims?format=csv", "/static/book.css"):
        for name in ("User-Agent", "Accept", "If-None-Match", "Range", "Cookie", "Authorization"):
            for text in HOSTILE:
                value = text.replace("\r", "").replace("\n", "").encode().decode("latin-1")
                with client.get(path, headers={name: value}) as answer:
                    assert is_whole(answer) or answer.status_code in (206, 304, 412, 416), text
