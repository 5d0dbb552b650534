"""The command that fills a book with demo data."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from flaskr.claims.check.services import disagreements
from flaskr.claims.models import EntryTexts
from flaskr.demo.filling.services import load_book, prepare_book
from flaskr.extensions import db
from flaskr.values.calendar import utc_now
from tests.books import highest_ids
from tests.demo.conftest import fill, whole_book
from tests.factories import make_policy

SOME = ("--policies", "300", "--claims", "1500")
KILLED = """
import os, signal
from datetime import date
from flaskr import create_app
from flaskr.demo.filling.services import load_book, prepare_book

def die(rows):
    done.append(rows)
    if sum(done) > 1200:
        os.kill(os.getpid(), signal.SIGKILL)

done = []
with create_app().app_context():
    load_book(prepare_book(300, 1500, 7, date(2025, 12, 31)), die)
"""


@pytest.fixture(scope="module")
def same_book_elsewhere(new_app):
    """The rows that the same seed gave a SQLite book."""
    with new_app("sqlite") as app:
        fill(app, *SOME)
        with app.app_context():
            return whole_book()


def test_the_same_seed_gives_the_same_book_on_either_database(app, session, same_book_elsewhere):
    said = fill(app, *SOME)

    assert whole_book() == same_book_elsewhere
    assert said.splitlines()[-1] == (
        f"300 policies and 1500 claims with {highest_ids()[0]} entries, until 2025-12-31."
    )


def test_another_seed_gives_another_book(new_app, same_book_elsewhere):
    with new_app("sqlite") as app:
        fill(app, *SOME, "--seed", "8")
        with app.app_context():
            rows = whole_book()

    assert all(rows[name] != same_book_elsewhere[name] for name in rows)


def test_only_an_empty_book_is_filled(runner, session):
    make_policy()
    db.session.commit()

    result = runner.invoke(args=["demo", "fill", *SOME])

    assert result.exit_code == 3
    assert "Only an empty book can be filled" in result.output
    assert highest_ids() == (0, 0, 1, 0, 0)


def test_a_last_date_of_today_or_before_1980_is_refused(shared_app, rolled_back):
    runner = shared_app.test_cli_runner()
    for day in (utc_now() + timedelta(days=1), datetime(1979, 12, 31, tzinfo=UTC)):
        result = runner.invoke(args=["demo", "fill", *SOME, "--until", day.date().isoformat()])
        assert result.exit_code == 3
        assert "before today" in result.output
    assert not any(highest_ids())


@pytest.mark.parametrize(
    ("policies", "claims", "until"),
    [(1, 1, "2000-02-29"), (10, 0, "2025-06-15")],
)
def test_the_smallest_demo_books_are_valid(app, session, policies, claims, until):
    fill(app, "--policies", str(policies), "--claims", str(claims), "--until", until)

    assert highest_ids()[1:3] == (claims, policies)
    assert not list(disagreements())


def test_progress_counts_every_row_once(app, session):
    book = prepare_book(100, 400, 7, date(2025, 12, 31))
    told: list[int] = []

    load_book(book, told.append)

    texts = db.session.scalar(db.select(db.func.count(EntryTexts.entry_id)))
    assert sum(told) == book.row_count == sum(highest_ids()) + texts
    assert texts > 0


@pytest.mark.slow
def test_a_killed_fill_leaves_an_empty_book(app, session, book_settings):
    environment = {
        **os.environ,
        "INSTANCE_FOLDER": str(book_settings.instance_folder),
        "DATABASE_URL": book_settings.database_url,
        "BOOK_ACCESS": "open",
    }

    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)

    assert killed.returncode == -9
    assert not any(highest_ids())
    db.session.rollback()
    fill(app, *SOME)
    assert highest_ids()[1:3] == (1500, 300)


def test_filling_leaves_the_connection_as_it_was(sqlite_app):

    def cache_size() -> int:
        with sqlite_app.app_context():
            return db.session.connection().exec_driver_sql("PRAGMA cache_size").scalar()

    before = cache_size()
    fill(sqlite_app, "--policies", "1", "--claims", "1")

    assert cache_size() == before
