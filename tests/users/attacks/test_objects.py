"""Objects of other users, and objects that a role may not see, requested by name."""

import pytest
from werkzeug.datastructures import MultiDict

from flaskr.database.modes import transaction_mode
from flaskr.exports.kept.services import keep_export
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.imports.job_folders import job_named
from flaskr.imports.services import jobs_folder
from flaskr.users.models import Role, Scope, Token, UserSession
from tests.addresses import fill_book
from tests.users.gate.role_clients import ROLES, book_contents, make_role_client
from tests.users.people import signed_in_client, token_headers

REASON = {"reason": "a question of the auditors"}


def names_of(app, kind) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(db.select(kind.name).order_by(kind.id)))


def test_no_role_can_end_anothers_session_or_revoke_their_token(signed_in_app):
    clients = {letter: make_role_client(signed_in_app, letter) for letter in (*ROLES, "r", "w")}
    signed_in_client(signed_in_app, Role.VIEWER, "victim@example.com")
    victims = names_of(signed_in_app, UserSession)[-1], names_of(signed_in_app, Token)[-1]
    before = book_contents(signed_in_app)

    for letter, client in clients.items():
        answers = [
            client.send("POST", f"/account/sessions/{victims[0]}/end"),
            client.send("POST", f"/account/sessions/{victims[0].upper()}/end"),
            client.send("POST", f"/account/sessions/{victims[0][:-1]}%25/end"),
        ]
        if letter not in "hrw":  # the token is the handler's
            answers.append(client.send("POST", f"/account/tokens/{victims[1]}/revoke"))
        assert {answer.status_code for answer in answers} <= {403, 404}, letter
    assert book_contents(signed_in_app) == before


@pytest.fixture
def kept_with_names(signed_in_app):
    """A book with a kept export that has names."""
    fill_book(signed_in_app)
    with signed_in_app.app_context(), transaction_mode("read"):
        wanted = file_request(Contents.POLICIES, MultiDict(REASON))
        keep_export(wanted, "with names", "", actor="open")
        assert wanted.has_names


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_kept_export_with_names_needs_a_role_that_sees_names(
    signed_in_app, kept_with_names, method
):
    answers = {}
    for letter in "nvhadrw":
        client = make_role_client(signed_in_app, letter)
        with client.send(method, "/exports/with names") as answer:
            answers[letter] = answer.status_code
            assert (b"berg" in answer.data) == (answer.status_code == 200 and method == "GET")

    assert answers == {"n": 303, "v": 403, "h": 403, "a": 403, "d": 200, "r": 403, "w": 403}


def test_a_token_of_an_actuary_opens_no_kept_export_with_names(signed_in_app, kept_with_names):
    program = token_headers(signed_in_app, Role.ACTUARY, Scope.READ)

    answer = signed_in_app.test_client().get("/exports/with names", headers=program)

    assert answer.status_code == 403
    assert b"berg" not in answer.data
    assert signed_in_app.test_client().get("/exports/E-get", headers=program).status_code == 200


def test_an_import_under_way_is_for_handlers(signed_in_app):
    name = fill_book(signed_in_app)["job"]
    clients = {letter: make_role_client(signed_in_app, letter) for letter in "nvadrw"}
    before = book_contents(signed_in_app)

    for letter in "nvad":
        for method, step in (("GET", ""), ("POST", "/load"), ("POST", "/read"), ("POST", "/drop")):
            answer = clients[letter].send(method, f"/imports/under_way/{name}{step}")
            assert answer.status_code in (303, 401, 403), (letter, step)
        answer = clients[letter].send("GET", f"/imports/under_way/{name}/refused/1.csv")
        assert answer.status_code in (303, 403)
    for letter in "rw":
        for path in ("..", "../..", f"{name}/..", "%2e%2e", "*", name.upper(), f"{name}%00"):
            answer = clients[letter].send("GET", f"/imports/under_way/{path}")
            assert answer.status_code in (403, 404), path

    assert book_contents(signed_in_app) == before
    with signed_in_app.app_context():
        assert job_named(jobs_folder(), name).request.files


def test_no_file_outside_is_reached_by_the_name_of_a_kept_export(signed_in_app):
    fill_book(signed_in_app)
    client = make_role_client(signed_in_app, "d")

    for name in ("..", "../claimbook.db", "..%2fclaimbook.db", "%2e%2e", ".", "lock", "", "\x00"):
        for step in ("", "/manifest", "/delete"):
            sent = {"PATH_INFO": f"/exports/{name}{step}"}
            answer = client.client.get("/", environ_overrides=sent)
            assert answer.status_code in (200, 404, 308), sent
            assert b"SQLite" not in answer.data
