"""Signing in with a code after the password: skipping, replaying, guessing and being late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flaskr.extensions import db
from flaskr.users.models import Role, SecondFactor
from flaskr.users.signing_in.throttling import MAX_PER_USER
from tests.users.people import PASSWORD, csrf_of, email_of, sign_in
from tests.users.second_factor.phones import enter_code, half_signed_in, user_with_phone
from tests.users.signing_in.test_signing_in import events

EMAIL = email_of(Role.HANDLER)


@pytest.fixture
def phone(signed_in_app):
    return user_with_phone(signed_in_app)


def test_password_and_code_lead_on_to_the_page_asked_for(signed_in_app, phone):
    client = signed_in_app.test_client()

    half = sign_in(client, EMAIL, next="/claims?status=open")
    page = client.get(half.location)
    entered = enter_code(client, phone.code(), to="/claims?status=open")

    assert half.location == "/sign_in/code?next=/claims?status%3Dopen"
    assert 'value="/claims?status=open"' in page.text
    assert 'autocomplete="one-time-code"' in page.text
    assert (entered.status_code, entered.location) == (303, "/claims?status=open")
    assert client.get("/claims?status=open").status_code == 200
    assert events(signed_in_app)[-1][:2] == ("signed_in", EMAIL)


def test_nothing_is_open_between_the_password_and_the_code(signed_in_app, phone):
    client = half_signed_in(signed_in_app)

    for address in ("/claims", "/account", "/account/second_factor", "/export_claims"):
        assert client.get(address).status_code == 401, address
    with signed_in_app.app_context():
        active = db.text("SELECT count(*) FROM sessions WHERE ended_at IS NULL")
        assert db.session.scalar(active) == 1  # of the set-up


@pytest.mark.parametrize("code", ["000000", "", "12345", "1" * 400, "\u0661" * 6, "\x00", "é" * 6])
def test_a_wrong_code_is_refused_and_recorded(signed_in_app, phone, code):
    client = half_signed_in(signed_in_app)

    answer = enter_code(client, code)

    assert answer.status_code == 422
    assert client.get("/claims").status_code == 401
    if code:
        assert events(signed_in_app)[-1] == ("code_failed", "nobody", EMAIL)


def test_a_code_works_one_step_early_and_late_and_no_further(signed_in_app, phone):
    now = datetime.now(UTC)
    for steps, status in ((-1, 422), (2, 422), (-2, 422), (1, 303)):  # -1 was used to set up
        with time_machine.travel(now, tick=False):
            assert (
                enter_code(half_signed_in(signed_in_app), phone.code(steps)).status_code == status
            )


def test_a_code_works_once(signed_in_app, phone):
    code = phone.code()
    assert enter_code(half_signed_in(signed_in_app), code).status_code == 303

    again = enter_code(half_signed_in(signed_in_app), code)

    assert again.status_code == 422
    assert "was used already" in again.text


def test_a_code_works_once_in_requests_at_the_same_time(signed_in_app, phone):
    clients = [half_signed_in(signed_in_app) for _ in range(4)]
    pages = [client.get("/sign_in/code").text for client in clients]
    code = phone.code()

    def enter(client, page):
        form = {"csrf_token": csrf_of(page), "code": code}
        return client.post("/sign_in/code", data=form).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(enter, clients, pages))

    let_in = [client for client in clients if client.get("/claims").status_code == 200]
    assert len(let_in) == 1, statuses


def test_the_state_after_the_password_works_once_in_its_browser(signed_in_app, phone):
    client = half_signed_in(signed_in_app)
    copy = client.get_cookie("claimbook_session").value
    assert enter_code(client, phone.code()).status_code == 303

    thief = signed_in_app.test_client()
    thief.set_cookie("claimbook_session", copy)
    answer = enter_code(thief, phone.code(1))

    assert answer.location == "/sign_in"
    assert thief.get("/claims").status_code == 401


def test_a_code_without_a_password_leads_back(signed_in_app, phone):
    client = signed_in_app.test_client()

    assert client.get("/sign_in/code").location == "/sign_in"
    assert enter_code_from_sign_in(client, phone.code()).location == "/sign_in"
    assert client.get("/claims").status_code == 401


def enter_code_from_sign_in(client, code: str):
    token = csrf_of(client.get("/sign_in").text)
    return client.post("/sign_in/code", data={"csrf_token": token, "code": code})


def test_the_second_step_ends_after_five_minutes(signed_in_app, phone):
    client, now = half_signed_in(signed_in_app), datetime.now(UTC)
    with time_machine.travel(now + timedelta(minutes=4, seconds=50)):
        assert client.get("/sign_in/code").status_code == 200

    with time_machine.travel(now + timedelta(minutes=5, seconds=1)):
        assert client.get("/sign_in/code").location == "/sign_in"


def test_the_second_step_ends_when_the_password_changes(signed_in_app, phone):
    client = half_signed_in(signed_in_app)
    with signed_in_app.app_context():
        db.session.execute(db.text("UPDATE users SET password_hash = 'x'"))
        db.session.commit()

    assert enter_code(client, phone.code()).location == "/sign_in"


def test_guesses_at_the_code_are_limited_also_with_the_password_in_between(signed_in_app, phone):
    statuses = []
    for _ in range(MAX_PER_USER):
        client = signed_in_app.test_client()
        if sign_in(client, EMAIL).status_code == 429:
            break
        statuses.append(enter_code(client, "000000").status_code)

    assert statuses == [422] * (MAX_PER_USER // 2)
    assert sign_in(signed_in_app.test_client(), EMAIL, PASSWORD).status_code == 429


def test_each_recovery_code_works_once_however_it_is_typed(signed_in_app, phone):
    assert len(set(phone.recovery_codes)) == 10
    typed = phone.recovery_codes[0].lower().replace(" ", "-")

    entered = enter_code(half_signed_in(signed_in_app), typed, "recovery_code")
    again = enter_code(half_signed_in(signed_in_app), typed, "recovery_code")

    assert (entered.status_code, again.status_code) == (303, 422)
    assert ("recovery_code_used", EMAIL, EMAIL) in events(signed_in_app)


def test_recovery_codes_still_work_after_a_new_secret_key(signed_in_app, phone):
    signed_in_app.config["SECRET_KEY"] = "another" * 10
    client = half_signed_in(signed_in_app)

    assert enter_code(client, phone.code()).status_code == 422
    assert enter_code(client, phone.recovery_codes[3]).status_code == 303


def test_the_database_has_neither_secret_nor_codes(signed_in_app, phone):
    with signed_in_app.app_context():
        rows = [
            *db.session.execute(db.text("SELECT * FROM second_factors")),
            *db.session.execute(db.text("SELECT * FROM recovery_codes")),
        ]
        assert len(rows) == 11
        kept = repr(rows)
        assert db.session.scalars(db.select(SecondFactor.last_step)).one()
    for secret in (phone.secret, *phone.recovery_codes):
        assert secret.replace(" ", "") not in kept
