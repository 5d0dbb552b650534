"""Signing in and out, and the cookies before and after."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flaskr.audit.models import AuditEvent
from flaskr.extensions import db
from flaskr.users.models import Role, UserSession
from tests.users.people import (
    PASSWORD,
    add_user,
    post,
    sign_in,
    signed_in_client,
    signed_in_settings,
)


def events(app) -> list[tuple[str, str, str]]:
    with app.app_context():
        rows = db.session.execute(
            db.select(AuditEvent.action, AuditEvent.actor, AuditEvent.subject).order_by(
                AuditEvent.id
            )
        )
        return [tuple(map(str, row)) for row in rows]


def test_signing_in_leads_on_to_the_page_asked_for(signed_in_app):
    add_user(signed_in_app, Role.VIEWER)
    client = signed_in_app.test_client()

    answer = client.get("/claims?status=open", headers={"Accept": "text/html"})

    assert answer.status_code == 303
    assert answer.location == "/sign_in?next=/claims%3Fstatus%3Dopen"
    page = client.get(answer.location)
    assert 'value="/claims?status=open"' in page.text
    entered = sign_in(client, "viewer@example.com", next="/claims?status=open")
    assert entered.location == "/claims?status=open"
    assert client.get(entered.location).status_code == 200


def test_a_program_without_a_token_gets_401_with_instructions(signed_in_app):
    answer = signed_in_app.test_client().get("/export_claims?format=parquet")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert "Authorization: Bearer" in answer.text


def test_the_e_mail_address_is_not_case_sensitive(signed_in_app):
    add_user(signed_in_app, Role.VIEWER)

    assert sign_in(signed_in_app.test_client(), " Viewer@EXAMPLE.com ").status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("viewer@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("viewer@example.com", PASSWORD.upper()),
        ("viewer@example.com", PASSWORD + " "),
        ("no e-mail", "x"),
        ("\x00", "\x00"),
    ],
)
def test_every_failed_sign_in_gets_the_same_answer(signed_in_app, email, password):
    add_user(signed_in_app, Role.VIEWER)

    answer = sign_in(signed_in_app.test_client(), email, password)

    assert answer.status_code == 422
    assert "The e-mail address or the password is not right." in answer.text
    failed = [each for each in events(signed_in_app) if each[0] == "sign_in_failed"]
    is_known = email == "viewer@example.com"
    assert failed == ([("sign_in_failed", "nobody", email)] if is_known else [])


def test_a_deactivated_user_gets_the_same_answer(signed_in_app):
    add_user(signed_in_app, Role.VIEWER)
    with signed_in_app.app_context():
        db.session.execute(db.text("UPDATE users SET is_active = false"))
        db.session.commit()

    answer = sign_in(signed_in_app.test_client(), "viewer@example.com")

    assert "The e-mail address or the password is not right." in answer.text


def test_a_cookie_is_useless_after_signing_out(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    stolen = client.get_cookie("claimbook_session").value

    post(client, "/sign_out")

    thief = signed_in_app.test_client()
    thief.set_cookie("claimbook_session", stolen)
    assert thief.get("/claims").status_code == 401
    assert events(signed_in_app)[-1][:2] == ("signed_out", "viewer@example.com")


def test_signing_in_replaces_the_whole_cookie(signed_in_app):
    add_user(signed_in_app, Role.VIEWER)
    client = signed_in_app.test_client()
    client.get("/sign_in")
    before = client.get_cookie("claimbook_session").value

    sign_in(client, "viewer@example.com")

    fixed = signed_in_app.test_client()
    fixed.set_cookie("claimbook_session", before)
    assert fixed.get("/claims").status_code == 401
    assert client.get("/claims").status_code == 200


def test_an_unused_session_ends(
    signed_in_app,
):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    now = datetime.now(UTC)

    with time_machine.travel(now + timedelta(minutes=59), tick=False):
        assert client.get("/claims").status_code == 200
    with time_machine.travel(now + timedelta(minutes=59 + 59), tick=False):
        assert client.get("/claims").status_code == 200
    with time_machine.travel(now + timedelta(minutes=59 + 59 + 61), tick=False):
        assert client.get("/claims").status_code == 401


def test_a_session_in_constant_use_ends_after_its_maximum_hours(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    now = datetime.now(UTC)

    for minutes in range(50, 12 * 60, 50):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            assert client.get("/claims").status_code == 200
    with time_machine.travel(now + timedelta(hours=12, minutes=1), tick=False):
        assert client.get("/claims").status_code == 401


def test_the_last_use_is_recorded_once_a_minute_on_read_only_pages_too(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    later = datetime.now(UTC) + timedelta(seconds=61)

    with time_machine.travel(later, tick=False):
        client.get("/claims")
    with time_machine.travel(later + timedelta(seconds=59), tick=False):
        client.get("/claims")

    with signed_in_app.app_context():
        assert db.session.scalar(db.select(UserSession.last_used_at)) == later


def test_only_the_digest_of_a_secret_is_stored(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    with client.session_transaction() as cookie:
        secret = cookie["signed_in"]

    with signed_in_app.app_context():
        row = db.session.scalars(db.select(UserSession)).one()
        assert secret not in repr(vars(row))
        assert row.address == "127.0.0.1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "/claims\r\nX: y",
        "claims",
        "http:claims",
        "/no such page",
        "/sign_in",
        "/generate_random_claim",
        "/sign_out",
        "@evil.example",
        "/%09/evil.example",
        "/claims//evil.example/../..",
        "",
    ],
)
def test_signing_in_redirects_only_to_pages_of_the_book(signed_in_app, elsewhere):
    add_user(signed_in_app, Role.VIEWER)

    answer = sign_in(signed_in_app.test_client(), "viewer@example.com", next=elsewhere)

    assert (answer.status_code, answer.location) == (303, "/")


def test_sessions_that_ended_long_ago_are_deleted(signed_in_app):
    signed_in_client(signed_in_app, Role.VIEWER)
    signed_in_client(signed_in_app, Role.VIEWER)
    with signed_in_app.app_context():
        then = datetime.now(UTC) - timedelta(days=91)
        db.session.execute(db.update(UserSession).where(UserSession.id == 1).values(made_at=then))
        db.session.commit()

    signed_in_client(signed_in_app, Role.VIEWER)

    with signed_in_app.app_context():
        assert db.session.scalars(db.select(UserSession.id).order_by(UserSession.id)).all() == [
            2,
            3,
        ]


def test_static_files_need_no_user_lookup(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)

    for address, is_looked_up in (("/static/book.css", False), ("/claims", True)):
        with client.get(address) as answer:
            assert ("Cookie" in answer.headers.get("Vary", "")) is is_looked_up, address


def test_a_session_of_one_minute_lasts_while_it_is_used(book_settings, make_app):
    app = make_app(signed_in_settings(book_settings, session_idle_minutes=1))
    client, now = signed_in_client(app, Role.VIEWER), datetime.now(UTC)

    for seconds in range(40, 400, 40):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            assert client.get("/claims").status_code == 200
