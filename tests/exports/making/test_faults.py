"""Faults while a file is made give an error with a sentence and leave nothing."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from flaskr.errors import ClaimBookError
from flaskr.exports.parameters import file_request
from flaskr.exports.services import export_file
from flaskr.facts.closed_lists import Contents
from flaskr.settings import BOOK_FILE
from tests.exports.downloads.test_failures import SLOW_POLICIES
from tests.exports.readers import FORMS
from tests.exports.reading import add_claims
from tests.factories import make_claim, make_policy, reserve

MANY = 140_000  # more than is read ahead
SMALL_DISK = 16 * 1024  # bytes

END_SLEEPERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'
"""


def spool_of(settings) -> list[Path]:
    return sorted((settings.instance_folder / "spool").iterdir())


@pytest.fixture
def small_disk(book_settings):
    """A spool on a separate disk that is too small."""
    spool = book_settings.instance_folder / "spool"
    spool.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(spool)]
    if subprocess.run(mount, capture_output=True).returncode:
        if os.environ.get("CI"):
            pytest.fail("a disk cannot be mounted; CI may not skip")
        pytest.skip("only root can mount a small disk")
    yield spool
    subprocess.run(["umount", "--lazy", str(spool)], check=True)


def test_a_disk_that_fills_gives_an_error_that_says_so_and_no_file(client, session, small_disk):
    add_claims(20_000)
    for form in FORMS:
        answer = client.get(f"/export_claims?format={form}", buffered=True)

        assert (form, answer.status_code) == (form, 507)
        assert "The disk is full" in answer.text
        assert list(small_disk.iterdir()) == []


def test_a_disk_without_room_for_a_note_gives_an_error_that_says_so(client, session, small_disk):
    add_claims(10)
    other = os.open(small_disk / "other", os.O_CREAT | os.O_WRONLY)
    assert os.write(other, bytes(2 * SMALL_DISK)) == SMALL_DISK
    os.close(other)

    full = client.get("/export_claims", buffered=True)
    (small_disk / "other").unlink()
    roomy = client.get("/export_claims", buffered=True)

    assert (full.status_code, roomy.status_code) == (507, 200)
    assert "The disk is full" in full.text
    assert not list(small_disk.glob("*.part"))


@pytest.mark.parametrize("form", FORMS)
def test_an_amount_too_large_for_the_file_gives_no_file(client, session, book_settings, form):
    add_claims(40_000)
    session.execute(
        text("UPDATE claims SET paid = 999999999999999999, outstanding = 1 WHERE id = 5000")
    )
    session.commit()

    response = client.get(f"/export_claims?format={form}&columns=claim_reference,claim_cost")

    assert response.status_code == 500
    assert "more than 18 digits" in response.text
    assert "X-Row-Count" not in response.headers
    assert spool_of(book_settings) == []


@pytest.mark.parametrize("form", FORMS)
def test_balances_that_differ_from_their_ledger_give_no_file_as_at_a_date(
    client, session, book_settings, form
):
    reserve(make_claim(), "100.00")
    session.execute(text("UPDATE claims SET outstanding = outstanding + 1"))
    session.commit()

    response = client.get(f"/export_claims?format={form}&as_at=2024-12-31&basis=booked")

    assert response.status_code == 500
    assert "does not add up" in response.text
    assert spool_of(book_settings) == []


@pytest.mark.parametrize("book_settings", ["postgresql"], indirect=True)
def test_a_server_that_ends_the_connection_gives_a_503(client, session, book_settings, postgres):
    make_policy()
    session.commit()
    client.get("/export_claims?raw=1")
    before = spool_of(book_settings)
    with psycopg.connect(book_settings.database_url) as other:
        other.execute(SLOW_POLICIES)
    answers = []
    asking = Thread(target=lambda: answers.append(client.get("/export_claims")))
    asking.start()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        ends = time.monotonic() + 20
        while not admin.execute(END_SLEEPERS).fetchall() and time.monotonic() < ends:
            time.sleep(0.05)
    asking.join()

    assert answers[0].status_code == 503
    assert "does not answer" in answers[0].text
    assert spool_of(book_settings) == before


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_a_database_truncated_while_it_is_read_gives_an_error(session, book_settings):
    add_claims(MANY)
    book = book_settings.instance_folder / BOOK_FILE
    with closing(sqlite3.connect(book)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def valuation(progress: tuple) -> None:
        (process,) = multiprocessing.active_children()
        os.kill(process.pid, signal.SIGSTOP)
        os.truncate(book, 4096 * 10)
        os.kill(process.pid, signal.SIGCONT)

    with pytest.raises(ClaimBookError):
        export_file(file_request(Contents.CLAIMS, MultiDict()), on_progress=valuation)
    assert spool_of(book_settings) == []
