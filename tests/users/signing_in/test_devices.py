"""A browser in which somebody has signed in has attempts that nobody else can use up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flaskr.extensions import db
from flaskr.users.models import Role, SignInAttempt
from flaskr.users.sessions.secrets import keyed_digest
from flaskr.users.signing_in.throttling import (
    MAX_OVERALL,
    MAX_PER_ADDRESS,
    MAX_PER_USER,
    TooManyAttempts,
    begin_attempt,
)
from flaskr.values.calendar import utc_now
from tests.users.people import (
    PASSWORD,
    add_user,
    csrf_of,
    email_of,
    post,
    sign_in,
    signed_in_client,
)

COOKIE = "claimbook_device"
EMAIL = email_of(Role.HANDLER)


def forget_sign_in(client) -> None:
    """Delete the session's cookie and keep the device's."""
    client.delete_cookie("claimbook_session")


@pytest.fixture
def known(signed_in_app):
    """A browser in which the handler has signed in before."""
    client = signed_in_client(signed_in_app, Role.HANDLER)
    forget_sign_in(client)
    return client


def guess(app, count: int = MAX_PER_USER, email: str = EMAIL) -> list[int]:
    return [sign_in(app.test_client(), email, "wrong").status_code for _ in range(count)]


def put_attempts(app, count: int, user: str = "", address: str = "127.0.0.1") -> None:
    with app.app_context():
        rows = [
            {
                "made_at": utc_now() - timedelta(minutes=1),
                "user_digest": keyed_digest(user or f"{number}@example.com"),
                "address_digest": keyed_digest(address),
            }
            for number in range(count)
        ]
        db.session.execute(db.insert(SignInAttempt), rows)
        db.session.commit()
        db.session.remove()


def test_guesses_from_elsewhere_do_not_lock_out_a_known_browser(signed_in_app, known):
    put_attempts(signed_in_app, MAX_PER_USER, EMAIL, "192.0.2.9")

    assert guess(signed_in_app, 1) == [429]
    assert sign_in(signed_in_app.test_client(), EMAIL).status_code == 429
    assert sign_in(known, EMAIL).status_code == 303


@pytest.mark.parametrize("count", [MAX_PER_ADDRESS, MAX_OVERALL])
def test_neither_do_the_limits_by_address_and_overall(signed_in_app, known, count):
    put_attempts(signed_in_app, count)

    assert guess(signed_in_app, 1, "other@example.com") == [429]
    assert sign_in(known, EMAIL).status_code == 303


def test_a_known_browser_has_as_many_guesses_and_then_those_of_anybody(signed_in_app, known):
    statuses = [sign_in(known, EMAIL, "wrong").status_code for _ in range(2 * MAX_PER_USER + 1)]

    assert Counter(statuses) == {422: 2 * MAX_PER_USER, 429: 1}
    assert sign_in(known, EMAIL).status_code == 429


def test_signing_in_on_a_known_browser_gives_an_attacker_no_further_guesses(signed_in_app, known):
    put_attempts(signed_in_app, MAX_PER_USER, EMAIL, "192.0.2.9")

    assert sign_in(known, EMAIL).status_code == 303

    assert guess(signed_in_app, 1) == [429]


def test_the_mark_of_one_person_helps_nobody_with_another(signed_in_app, known):
    other = add_user(signed_in_app, Role.VIEWER)
    put_attempts(signed_in_app, MAX_PER_USER, other, "192.0.2.9")

    assert sign_in(known, other).status_code == 429


@pytest.mark.parametrize("change", ["x", "", "e30.AAAA", "\u00e5", "a.b.c", "." * 3000])
def test_a_forged_mark_is_ignored(signed_in_app, known, change):
    known.set_cookie(COOKIE, change)
    put_attempts(signed_in_app, MAX_PER_USER, EMAIL, "192.0.2.9")

    assert sign_in(known, EMAIL).status_code == 429


def test_a_mark_is_forgotten_after_a_year(signed_in_app, known):
    value = known.get_cookie(COOKIE).value
    with time_machine.travel(datetime.now(UTC) + timedelta(days=366)):
        put_attempts(signed_in_app, MAX_PER_USER, EMAIL, "192.0.2.9")
        later = signed_in_app.test_client()
        later.set_cookie(COOKIE, value)

        assert sign_in(later, EMAIL).status_code == 429


def test_several_people_share_a_browser(signed_in_app, known):
    sign_in(known, add_user(signed_in_app, Role.VIEWER))
    forget_sign_in(known)
    put_attempts(signed_in_app, MAX_PER_USER, EMAIL, "192.0.2.9")

    assert sign_in(known, EMAIL).status_code == 303


def test_the_cookie_is_for_the_server_alone_and_shows_no_address(signed_in_app):
    client, email = signed_in_app.test_client(), add_user(signed_in_app, Role.HANDLER)

    answer = sign_in(client, email)

    header = next(each for each in answer.headers.getlist("Set-Cookie") if COOKIE in each)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    assert "handler" not in header
    secure = signed_in_app.test_client()
    page = secure.get("/sign_in", base_url="https://localhost").text
    form = {"email": email, "password": PASSWORD, "csrf_token": csrf_of(page)}
    sent = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/sign_in"}}
    answer = secure.post("/sign_in", data=form, **sent)
    header = next(each for each in answer.headers.getlist("Set-Cookie") if COOKIE in each)
    assert header.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in header


def test_no_mark_is_made_by_a_wrong_password(signed_in_app):
    client, email = signed_in_app.test_client(), add_user(signed_in_app, Role.HANDLER)

    sign_in(client, email, "wrong")

    assert client.get_cookie(COOKIE) is None


def test_somebody_who_is_signed_in_can_always_enter_their_password(signed_in_app):
    client = signed_in_client(signed_in_app, Role.HANDLER)
    put_attempts(signed_in_app, MAX_OVERALL, EMAIL)
    token = {"label": "x", "scope": "read", "days": "7", "present": PASSWORD}

    assert guess(signed_in_app, 1) == [429]
    assert post(client, "/account/tokens", token).status_code == 200
    wrong = [
        post(client, "/account/tokens", token | {"present": "wrong"}).status_code
        for _ in range(MAX_PER_USER + 1)
    ]
    assert wrong == [422] * MAX_PER_USER + [429]


@pytest.mark.both_databases
def test_guesses_at_the_same_time_with_a_mark_are_limited(signed_in_app):
    def attempt(_):
        with signed_in_app.app_context():
            try:
                begin_attempt(EMAIL, "192.0.2.1", "a mark")
            except TooManyAttempts:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        allowed = sum(pool.map(attempt, range(3 * MAX_PER_USER)))

    assert allowed == 2 * MAX_PER_USER  # its own, and those of anybody
