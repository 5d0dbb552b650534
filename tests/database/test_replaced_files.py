"""The embedded book's file is removed, moved or replaced while the book is running."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from flaskr.claims.models import Claim
from flaskr.database.modes import transaction_mode
from flaskr.errors import DatabaseUnavailable
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE
from tests.browsing import fields_of
from tests.exports.feeds.histories import SqliteBackups
from tests.factories import make_claim

GONE = "was removed or moved away while the book was running"
REPLACED = "was replaced by another while the book was running"
WHAT_TO_DO = "Stop the book, put the right file in place"
PAGES = ("/", "/claims", "/claims/new", "/export_claims", "/export_ledger", "/policies")


@pytest.fixture
def book(sqlite_app) -> Path:
    """The file of a running book of two claims, of which a backup has one."""
    backups = SqliteBackups(sqlite_app, Path(sqlite_app.instance_path))
    make_claim()
    db.session.commit()
    backups.back_up(1)
    make_claim()
    db.session.commit()
    return backups.book


def backup_of(book: Path) -> Path:
    return book.with_name("1.db")


def files_beside(book: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in book.parent.iterdir() if path.is_file()}


def remove(book: Path) -> None:
    book.unlink()


def move_away(book: Path) -> None:
    book.rename(book.with_name("elsewhere.db"))


def put_a_folder_there(book: Path) -> None:
    move_away(book)
    book.mkdir()


def replace(book: Path) -> None:
    os.replace(backup_of(book), book)


def replace_with_its_log_away(book: Path) -> None:
    for ending in ("-wal", "-shm"):
        book.with_name(f"{BOOK_FILE}{ending}").unlink()
    replace(book)


CHANGES = {
    remove: GONE,
    move_away: GONE,
    replace: REPLACED,
    replace_with_its_log_away: REPLACED,
    put_a_folder_there: REPLACED,
}


@pytest.fixture(params=CHANGES, ids=lambda change: change.__name__)
def change(request):
    return request.param


def check_refusal(text: str, change) -> None:
    assert CHANGES[change] in text
    assert WHAT_TO_DO in text
    assert "memory" not in text


def test_pages_and_files_are_refused_with_what_to_do(sqlite_app, book, change):
    client = sqlite_app.test_client()
    assert client.get("/claims").status_code == 200
    change(book)

    for path in PAGES:
        answer = client.get(path, buffered=True)
        assert (path, answer.status_code) == (path, 503)
        check_refusal(answer.text, change)


def test_a_post_is_refused_and_nothing_is_written(sqlite_app, book, change, caplog):
    client = sqlite_app.test_client()
    form = fields_of(client.get("/claims/new"))
    form |= {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "cause": "water"}
    change(book)
    before = files_beside(book)

    for data in (form, {}):  # the second is refused for another reason, which is to be recorded
        answer = client.post("/claims/new", data=data)
        assert answer.status_code == 503
        check_refusal(answer.text, change)

    assert files_beside(book) == before
    assert "Traceback" not in caplog.text


def test_a_post_that_shows_errors_beside_its_form_is_refused_too(sqlite_app, book, change):
    client = sqlite_app.test_client()
    form = {**fields_of(client.get("/exports")), "name": "Year end", "form": "csv"}
    change(book)

    answer = client.post("/exports", data=form)

    assert answer.status_code == 503
    check_refusal(answer.text, change)


def test_commands_are_refused(sqlite_app, book, change):
    change(book)

    for words in (["claims", "check"], ["exports", "book", str(book.with_name("archive.zip"))]):
        result = sqlite_app.test_cli_runner().invoke(args=words)
        assert result.exit_code == 4
        check_refusal(result.output, change)


def test_the_health_check_says_so(sqlite_app, book, change):
    client = sqlite_app.test_client()
    before = client.get("/healthz")
    change(book)

    answer = client.get("/healthz")

    assert (before.status_code, answer.status_code) == (200, 503)
    check_refusal(answer.json["schema"], change)


def test_a_new_connection_makes_no_file(sqlite_app, book):
    db.session.scalar(select(func.count(Claim.id)))  # holds the one connection of the pool
    remove(book)

    with pytest.raises(DatabaseUnavailable, match=GONE), db.engine.connect():
        pass

    assert not book.exists()


def test_a_new_connection_does_not_open_the_other_file(sqlite_app, book):
    db.session.scalar(select(func.count(Claim.id)))
    replace(book)

    with pytest.raises(DatabaseUnavailable, match=REPLACED), db.engine.connect():
        pass


def test_a_transaction_that_has_begun_reads_on(sqlite_app, book):
    with transaction_mode("read"):
        db.session.scalar(select(func.count(Claim.id)))
        replace(book)

        assert db.session.scalar(select(func.count(Claim.id))) == 2
        db.session.rollback()
        with pytest.raises(DatabaseUnavailable, match=REPLACED):
            db.session.scalar(select(func.count(Claim.id)))


def test_a_file_that_comes_back_is_served_again(sqlite_app, book):
    client = sqlite_app.test_client()
    away = book.with_name("elsewhere.db")
    book.rename(away)
    refused = client.get("/claims")
    away.rename(book)

    assert (refused.status_code, client.get("/claims").status_code) == (503, 200)


def test_a_folder_that_comes_back_is_served_again(sqlite_app, book):
    client = sqlite_app.test_client()
    folder, away = book.parent, book.parent.with_name(f"{book.parent.name}-away")
    folder.rename(away)
    refused, health = client.get("/claims"), client.get("/healthz")
    away.rename(folder)

    assert (refused.status_code, health.status_code) == (503, 503)
    assert GONE in refused.text
    assert client.get("/claims").status_code == 200


def test_after_a_start_the_other_file_is_the_book(sqlite_app, book):
    client = sqlite_app.test_client()
    client.get("/claims")
    replace_with_its_log_away(book)
    refused = client.get("/claims")
    db.session.remove()
    db.engine.dispose()

    assert (refused.status_code, client.get("/claims").status_code) == (503, 200)
    assert db.session.scalar(select(func.count(Claim.id))) == 1


def test_a_file_written_over_in_place_is_told_by_its_seals(sqlite_app, book):
    """The inode is the same, so the book is served; readers of another history are refused."""
    client = sqlite_app.test_client()
    feed = client.get("/export_ledger", buffered=True)
    tag = client.get("/export_claims", buffered=True).headers["ETag"]
    db.session.remove()
    db.engine.dispose()
    with closing(sqlite3.connect(book)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(backup_of(book), book)

    page = client.get("/claims")
    since = client.get(f"/export_ledger?since={feed.headers['X-Next-Since']}")
    again = client.get("/export_claims", headers={"If-None-Match": tag}, buffered=True)

    assert (page.status_code, since.status_code, again.status_code) == (200, 409, 200)
    assert again.headers["ETag"] != tag
