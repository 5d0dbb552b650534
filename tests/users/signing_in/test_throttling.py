"""Four processes that serve one book share the limits on sign-in attempts and ended sessions."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from flaskr.extensions import db
from flaskr.users.models import Role, SignInAttempt
from flaskr.users.sessions.secrets import keyed_digest
from flaskr.users.signing_in.throttling import MAX_OVERALL, MAX_PER_ADDRESS, MAX_PER_USER, WINDOW
from flaskr.values.calendar import utc_now
from tests.users.people import PASSWORD, add_user, csrf_of, signed_in_settings
from tests.users.serving import WORKERS, Browser, ServedResponse, gunicorn

pytestmark = pytest.mark.slow

AT_ONCE = 40


@pytest.fixture
def served(book_settings, make_app):
    """The application, and the port on which four processes serve its book."""
    settings = signed_in_settings(book_settings, trusted_hosts=("127.0.0.1", "localhost"))
    app = make_app(settings)
    add_user(app, Role.HANDLER)
    with gunicorn(settings) as (port, log):
        yield app, port, log


def attempts(port: int, emails: list[str]) -> list[ServedResponse]:
    """Try a wrong password for each user, all at the same time."""
    first = Browser(port)
    token = csrf_of(first.get("/sign_in").text)

    def attempt(email: str) -> ServedResponse:
        form = {"csrf_token": token, "email": email, "password": "wrong"}
        return Browser(port, dict(first.cookies)).post("/sign_in", form)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(attempt, emails))


def statuses(answers: list[ServedResponse]) -> dict[int, int]:
    for answer in answers:
        if answer.status == 429:
            assert 0 < int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
            assert "Too many attempts" in answer.text
    return dict(Counter(answer.status for answer in answers))


def put_attempts(app, count: int, address: str) -> None:
    """Store a number of failed attempts of different users, a minute ago, from one address."""
    with app.app_context():
        rows = [
            {
                "made_at": utc_now() - timedelta(minutes=1),
                "user_digest": keyed_digest(f"{number}@example.com"),
                "address_digest": keyed_digest(address),
            }
            for number in range(count)
        ]
        db.session.execute(db.insert(SignInAttempt), rows)
        db.session.commit()
        db.session.remove()


def let_window_pass(app) -> None:
    """Make all failed attempts exactly as old as the window."""
    with app.app_context():
        db.session.execute(db.update(SignInAttempt).values(made_at=utc_now() - WINDOW))
        db.session.commit()
        db.session.remove()


def test_simultaneous_guesses_at_one_user_are_limited(served):
    app, port, _ = served

    answers = attempts(port, ["handler@example.com"] * AT_ONCE)

    assert statuses(answers) == {422: MAX_PER_USER, 429: AT_ONCE - MAX_PER_USER}
    assert statuses([Browser(port).sign_in("handler@example.com")]) == {429: 1}
    assert statuses([Browser(port).sign_in("HANDLER@example.com", PASSWORD)]) == {429: 1}
    assert statuses([Browser(port).sign_in("other@example.com", "x")]) == {422: 1}
    let_window_pass(app)
    assert Browser(port).sign_in("handler@example.com").status == 303


def test_simultaneous_guesses_at_many_users_are_limited(served):
    app, port, _ = served
    people = [f"p{number}@example.com" for number in range(AT_ONCE)]
    for most, address in ((MAX_PER_ADDRESS, "127.0.0.1"), (MAX_OVERALL, "192.0.2.7")):
        put_attempts(app, most - 3, address)

        answers = attempts(port, people)

        assert statuses(answers) == {422: 3, 429: AT_ONCE - 3}
        let_window_pass(app)
        assert Browser(port).sign_in("handler@example.com").status == 303


def everywhere(port: int, cookies: dict[str, str], log) -> set[int]:
    """The statuses that all the processes give a cookie, in a hundred requests."""
    begins, statuses_seen = len(log.read_text()), set()
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            requests = [
                pool.submit(Browser(port, dict(cookies)).get, "/claims") for _ in range(100)
            ]
            statuses_seen |= {answer.result().status for answer in requests}
        processes = re.findall(r"answered by <(\d+)>", log.read_text()[begins:])
        if len(set(processes)) == WORKERS:
            return statuses_seen
    raise AssertionError(f"only {set(processes)} answered")


def test_no_process_accepts_the_cookie_of_an_ended_session(served):
    app, port, log = served
    browser = Browser(port)
    assert browser.sign_in("handler@example.com").status == 303
    cookies = dict(browser.cookies)
    token = csrf_of(browser.get("/account").text)
    assert everywhere(port, cookies, log) == {200}

    assert browser.post("/sign_out", {"csrf_token": token}).status == 303

    assert everywhere(port, cookies, log) == {401}
