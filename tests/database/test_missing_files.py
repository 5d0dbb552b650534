"""The isolated processes name a file that is missing, where their drivers speak of memory."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from flaskr.archive.bulk.connections import book_transaction
from flaskr.database.engine import driver_url
from flaskr.errors import DatabaseUnavailable
from flaskr.exports.making.snapshot import book_snapshot
from flaskr.exports.sql_statements import Sql
from flaskr.settings import BOOK_FILE

GONE = "was removed or moved away while the book was running"


@pytest.mark.parametrize("path", ["none.db", "no_folder/claimbook.db", "."])
def test_the_isolated_process_says_what_is_missing(tmp_path, path):
    address = f"file:{tmp_path / path}?mode=ro"

    with pytest.raises(DatabaseUnavailable, match=GONE), book_snapshot(address):
        pass


def test_the_isolated_process_that_writes_says_so_too(sqlite_app):
    address = driver_url("rw")
    book = sqlite_app.config["INSTANCE_FOLDER"] / BOOK_FILE
    book.unlink()

    with pytest.raises(DatabaseUnavailable, match=GONE), book_transaction(address):
        pass

    assert not book.exists()


def test_a_file_that_goes_away_while_it_is_read_is_named(template_book, tmp_path):
    (tmp_path / "copy").mkdir()
    copy = shutil.copy(template_book, tmp_path / "copy")
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")

    with book_snapshot(f"file:{copy}?mode=ro") as snapshot:
        (tmp_path / "copy").rename(tmp_path / "away")
        with pytest.raises(DatabaseUnavailable, match=GONE):
            snapshot.table(Sql("SELECT id FROM claims"))
