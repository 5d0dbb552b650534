"""A user's own sessions, tokens and password, and nobody else's."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flaskr.extensions import db
from flaskr.users.models import Role, Scope, Token, UserSession
from flaskr.users.sessions.user_agents import browser_of
from tests.users.people import PASSWORD, csrf_of, post, sign_in, signed_in_client, token_headers

NEW_PASSWORD = "ladugård propeller 3 saffran"
TOKEN = {"label": "nightly", "scope": "read", "days": "30", "present": PASSWORD}
SECRET = re.compile(r"claimbook_[\w-]{43}")


def names(app, kind) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(db.select(kind.name).order_by(kind.id)))


def test_a_user_sees_their_sessions_and_ends_one_elsewhere(signed_in_app):
    here, elsewhere = (signed_in_client(signed_in_app, Role.ACTUARY) for _ in range(2))

    page = here.get("/account").text
    assert page.count("this session") == 1
    _, other = names(signed_in_app, UserSession)
    post(here, f"/account/sessions/{other}/end")

    assert elsewhere.get("/claims").status_code == 401
    assert here.get("/claims").status_code == 200


def test_nobody_can_end_anothers_session_or_revoke_their_token(signed_in_app):
    victim = signed_in_client(signed_in_app, Role.HANDLER)
    program = token_headers(signed_in_app, Role.HANDLER)
    other = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    session, token = names(signed_in_app, UserSession)[0], names(signed_in_app, Token)[0]

    assert post(other, f"/account/sessions/{session}/end").status_code == 404
    assert post(other, f"/account/tokens/{token}/revoke").status_code == 404

    assert victim.get("/claims").status_code == 200
    assert signed_in_app.test_client().get("/export_claims", headers=program).status_code == 200


def test_a_token_is_shown_once_and_opens_files(signed_in_app):
    client = signed_in_client(signed_in_app, Role.ACTUARY)

    response = post(client, "/account/tokens", TOKEN)

    secret = SECRET.search(response.text)[0]
    assert SECRET.search(client.get("/account").text) is None
    program = signed_in_app.test_client()
    answer = program.get("/export_claims", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    with signed_in_app.app_context():
        assert secret not in repr(db.session.execute(db.text("SELECT * FROM tokens")).all())


def test_a_token_ends_when_it_is_revoked_and_when_it_expires(signed_in_app):
    client = signed_in_client(signed_in_app, Role.ACTUARY)
    first, second = (token_headers(signed_in_app, Role.ACTUARY) for _ in range(2))
    program = signed_in_app.test_client()
    assert program.get("/export_claims", headers=first).status_code == 200

    post(client, f"/account/tokens/{names(signed_in_app, Token)[0]}/revoke")

    refused = program.get("/export_claims", headers=first)
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["WWW-Authenticate"]
    with time_machine.travel(datetime.now(UTC) + timedelta(days=7, minutes=1), tick=False):
        assert program.get("/export_claims", headers=second).status_code == 401


@pytest.mark.parametrize("token", ["", "claimbook_", "x" * 5000, "claimbook_\u00e5", "a b c"])
def test_an_invalid_token_is_refused(signed_in_app, token):
    headers = {"Authorization": f"Bearer {token}".encode()}

    answer = signed_in_app.test_client().get("/export_claims", headers=headers)

    assert answer.status_code == 401


def test_a_token_that_is_wrong_is_not_helped_by_a_cookie_that_is_right(signed_in_app):
    client = signed_in_client(signed_in_app, Role.ACTUARY)

    answer = client.get("/export_claims", headers={"Authorization": "Bearer claimbook_no"})

    assert answer.status_code == 401


def test_a_token_that_reads_does_not_write_and_no_token_opens_pages_of_people(signed_in_app):
    reads = token_headers(signed_in_app, Role.HANDLER, Scope.READ)
    writes = token_headers(signed_in_app, Role.HANDLER, Scope.WRITE)
    program = signed_in_app.test_client()

    assert program.get("/imports", headers=reads).status_code == 200
    assert program.post("/import_claims", headers=reads).status_code == 403
    assert program.post("/import_claims", headers=writes).status_code == 422  # no file
    for address in ("/claims/new", "/account", "/people", "/claims"):
        assert program.get(address, headers=writes).status_code == 403, address


def test_a_token_has_the_current_role_of_its_owner(signed_in_app):
    program = token_headers(signed_in_app, Role.ACTUARY)
    with signed_in_app.app_context():
        db.session.execute(db.text("UPDATE users SET role = 'viewer'"))
        db.session.commit()

    answer = signed_in_app.test_client().get("/export_claims", headers=program)

    assert answer.status_code == 403


def change(client, present: str, new: str, again: str = ""):
    form = {"present": present, "password": new, "again": again or new}
    return post(client, "/account/password", form, page="/account/password")


def test_a_changed_password_ends_every_other_session_and_renews_this_one(signed_in_app):
    here, elsewhere = (signed_in_client(signed_in_app, Role.VIEWER) for _ in range(2))
    before = here.get_cookie("claimbook_session").value

    assert change(here, PASSWORD, NEW_PASSWORD).status_code == 303

    assert here.get("/claims").status_code == 200
    assert elsewhere.get("/claims").status_code == 401
    old = signed_in_app.test_client()
    old.set_cookie("claimbook_session", before)
    assert old.get("/claims").status_code == 401
    assert sign_in(signed_in_app.test_client(), "viewer@example.com").status_code == 422
    again = sign_in(signed_in_app.test_client(), "viewer@example.com", NEW_PASSWORD)
    assert again.status_code == 303


@pytest.mark.parametrize(("ticked", "status"), [({}, 200), ({"revoke": "y"}, 401)])
def test_changing_the_password_revokes_tokens_only_if_asked(signed_in_app, ticked, status):
    client, program = (
        signed_in_client(signed_in_app, Role.ACTUARY),
        token_headers(signed_in_app, Role.ACTUARY),
    )

    form = {"present": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD} | ticked
    assert post(client, "/account/password", form, "/account/password").status_code == 303

    answer = signed_in_app.test_client().get("/dictionary", headers=program)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("present", "new", "again", "message"),
    [
        ("wrong", NEW_PASSWORD, "", "This is not your current password."),
        (PASSWORD, "kort", "", "at least 12 characters"),
        (PASSWORD, "password1234", "", "could be guessed"),
        (PASSWORD, "viewer@example.com", "", "could be guessed"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "", "could be guessed"),
        (PASSWORD, "x" * 60 + "abc def ghi" * 7, "", "at most 128"),
        (PASSWORD, NEW_PASSWORD, "another one", "The two passwords differ"),
        (PASSWORD, "", "", "Please fill this in"),
    ],
)
def test_a_refused_new_password_changes_nothing(signed_in_app, present, new, again, message):
    client = signed_in_client(signed_in_app, Role.VIEWER)

    answer = change(client, present, new, again)

    assert (answer.status_code, message in answer.text) == (422, True)
    assert client.get("/claims").status_code == 200
    assert sign_in(signed_in_app.test_client(), "viewer@example.com").status_code == 303


def test_an_open_book_has_no_accounts(client):
    for address in ("/sign_in", "/account"):
        assert "This book has no sign-in" in client.get(address).text
    assert client.get("/account/password").status_code == 404
    assert csrf_of(client.get("/policies/new").text)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.1", "curl/8.1"),
        ("", "unknown"),
    ],
)
def test_a_browser_is_named_from_its_user_agent(program, expected):
    assert browser_of(program) == expected
