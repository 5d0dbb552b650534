"""What signing in costs against argon2 alone, and what the access check adds to a page.

    python -m tests.benchmarks.signing_in --database both

Signing in: a right password, a wrong one and somebody unknown, in turns with argon2's own look at a
password. The access check: a list of 50 claims for a signed-in user and in the same book when it is
open, in turns, both in this process. The page of a signed-in user also has more on it (forms to
sign out and to ask for names); hence the check alone, too.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flaskr import create_app
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.settings import Settings
from flaskr.users.gate.access import identify
from flaskr.users.models import Role, SignInAttempt
from flaskr.users.passwords import hash_password, is_correct_password
from tests.benchmarks.pages import books, fill
from tests.users.people import PASSWORD, add_user, csrf_of, sign_in, signed_in_settings

CLAIMS = 2_000
PAGE = "/claims"
Work = Callable[[], None]


def in_turns(works: dict[str, Work], rounds: int, before_each: Work | None = None) -> dict:
    """The seconds that each piece of work took, one after the other, after one round to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            if before_each:
                before_each()
            start = time.perf_counter()
            work()
            if number:
                taken[name].append(time.perf_counter() - start)
    return taken


def medians(taken: dict[str, list[float]]) -> dict[str, float]:
    """Milliseconds of each piece of work."""
    return {name: statistics.median(seconds) * 1000 for name, seconds in taken.items()}


def forget_attempts(app: Flask) -> None:
    """Delete all failures, or the limits would be measured."""
    with app.app_context(), transaction_mode("write"):
        db.session.execute(db.delete(SignInAttempt))
        db.session.commit()
        db.session.remove()


def attempt(app: Flask, email: str, password: str, status: int) -> Work:
    """One way to sign in, from a page that is open already."""
    client = app.test_client()
    form = {"csrf_token": csrf_of(client.get("/sign_in").text)}

    def post() -> None:
        sender = app.test_client()
        sender.set_cookie("claimbook_session", client.get_cookie("claimbook_session").value)
        answer = sender.post("/sign_in", data=form | {"email": email, "password": password})
        expect(answer.status_code, status)

    return post


def expect(status: int, wanted: int) -> None:
    if status != wanted:
        raise SystemExit(f"answered {status}, not {wanted}")


def sign_in_rows(app: Flask, name: str, rounds: int) -> list[str]:
    """A table row for each way to sign in."""
    email, kept = add_user(app, Role.HANDLER), hash_password(PASSWORD)
    works: dict[str, Work] = {
        "argon2 alone": lambda: expect(is_correct_password(PASSWORD, kept), True),
        "right password": attempt(app, email, PASSWORD, 303),
        "wrong password": attempt(app, email, "another password", 422),
        "somebody unknown": attempt(app, "nobody@example.com", PASSWORD, 422),
    }
    taken = medians(in_turns(works, rounds, lambda: forget_attempts(app)))
    alone, wrong = taken["argon2 alone"], taken["wrong password"]
    return [
        f"| {name} | {way} | {ms:.1f} ms | {ms / alone:.2f} | {ms / wrong:.2f} |"
        for way, ms in taken.items()
    ]


def page_work(app: Flask, cookie: str = "") -> Work:
    """Ask for the page, without a client whose own work would be measured too."""
    builder = EnvironBuilder(path=PAGE, headers={"Cookie": cookie} if cookie else {})
    environ = {**builder.get_environ(), "REMOTE_ADDR": "127.0.0.1"}

    def get() -> None:
        pieces, status, _ = run_wsgi_app(app, {**environ, "wsgi.input": BytesIO()}, buffered=True)
        list(pieces)
        expect(int(status[:3]), 200)

    return get


def page_row(app: Flask, open_app: Flask, name: str, rounds: int) -> str:
    """A table row of what the access check adds: to the whole page, and alone."""
    client = app.test_client()
    expect(sign_in(client, add_user(app, Role.HANDLER)).status_code, 303)
    cookie = f"claimbook_session={client.get_cookie('claimbook_session').value}"
    works = {"open": page_work(open_app), "signed in": page_work(app, cookie)}
    taken = in_turns(works, rounds)
    open_page, page = medians(taken).values()
    check = check_alone(app, cookie, rounds)
    return (
        f"| {name} | {open_page:.2f} ms | {page:.2f} ms | {page / open_page - 1:+.1%} "
        f"| {check:.2f} ms | {check / open_page:.1%} |"
    )


def check_alone(app: Flask, cookie: str, rounds: int) -> float:
    """Milliseconds to read a cookie and identify the user, in a transaction begun already."""
    spent = []
    for _ in range(rounds):
        builder = EnvironBuilder(path=PAGE, headers={"Cookie": cookie})
        with app.request_context(builder.get_environ()) as context, transaction_mode("read"):
            db.session.connection()  # the page needs it too
            start = time.perf_counter()
            app.session_interface.open_session(app, context.request)
            expect(identify() is not None, True)
            spent.append(time.perf_counter() - start)
            db.session.remove()
    return statistics.median(spent) * 1000


@contextmanager
def both_modes(settings: Settings) -> Iterator[tuple[Flask, Flask]]:
    """The book with signing in, and the same book open."""
    quiet = replace(settings, log_level="WARNING")
    apps = create_app(signed_in_settings(quiet)), create_app(quiet)
    yield apps
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--attempts", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=400, help="requests a page")
    options = parser.parse_args()
    signing, pages = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in books(Path(folder), options.database):
            fill(settings, CLAIMS)
            with both_modes(settings) as (app, open_app):
                signing += sign_in_rows(app, name, options.attempts)
                pages.append(page_row(app, open_app, name, options.rounds))
    print("| database | signing in | median | to argon2 | to a wrong password |")
    print("|---|---|---|---|---|", *signing, sep="\n")
    print("\n| database | open | signed in | more | the check alone | of the page |")
    print("|---|---|---|---|---|---|", *pages, sep="\n")


if __name__ == "__main__":
    main()
