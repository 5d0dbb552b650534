"""One classification of the errors of all drivers and of the operating system."""

import sqlite3
from errno import EACCES, EDQUOT, EIO, EMFILE, ENOENT, ENOSPC, EROFS

import adbc_driver_manager
import adbc_driver_sqlite.dbapi
import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from flaskr.book.models import Counter
from flaskr.database.failures import Failure, failure_of
from flaskr.database.modes import transaction_mode
from flaskr.errors import BusyError, DatabaseUnavailable, DiskFull

SQLSTATES = {
    "25006": Failure.READ_ONLY,
    "53100": Failure.FULL,
    "53200": Failure.OUT_OF_MEMORY,
    "53300": Failure.NO_CONNECTIONS,
    "57014": Failure.BUSY,
    "57P01": Failure.STOPPING,
    "57P02": Failure.STOPPING,
    "57P03": Failure.STOPPING,
    "55P03": Failure.BUSY,
    "40P01": Failure.BUSY,
    "42501": Failure.NOT_GRANTED,
    "28P01": Failure.REFUSED,
    "3D000": Failure.REFUSED,
    "08006": Failure.UNREACHABLE,
    "58030": Failure.DISK_ERROR,
    "XX001": Failure.DAMAGED,
    "42P01": None,  # a mistake in a statement
    "23505": None,
    "22003": None,
}
SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: Failure.BUSY,
    sqlite3.SQLITE_READONLY: Failure.READ_ONLY,
    sqlite3.SQLITE_READONLY_DBMOVED: Failure.READ_ONLY,
    sqlite3.SQLITE_FULL: Failure.FULL,
    sqlite3.SQLITE_CANTOPEN: Failure.NOT_OPENED,
    sqlite3.SQLITE_IOERR_WRITE: Failure.DISK_ERROR,
    sqlite3.SQLITE_CORRUPT: Failure.DAMAGED,
    sqlite3.SQLITE_ERROR: None,
    sqlite3.SQLITE_CONSTRAINT: None,
}
ERRNOS = {
    ENOSPC: DiskFull,
    EDQUOT: DiskFull,
    EROFS: DatabaseUnavailable,
    EACCES: DatabaseUnavailable,
    EIO: DatabaseUnavailable,
    EMFILE: BusyError,
}
WORDS = {
    "FATAL:  sorry, too many clients already": Failure.NO_CONNECTIONS,
    "FATAL:  remaining connection slots are reserved for roles": Failure.NO_CONNECTIONS,
    "FATAL:  too many connections for role": Failure.NO_CONNECTIONS,
    "FATAL:  the database system is shutting down": Failure.STOPPING,
    "FATAL:  the database system is starting up": Failure.STOPPING,
    'FATAL:  password authentication failed for user "x"': Failure.REFUSED,
    'FATAL:  database "x" does not exist': Failure.REFUSED,
    "FATAL:  no pg_hba.conf entry for host": Failure.REFUSED,
    "could not translate host name": Failure.UNREACHABLE,
    "server closed the connection unexpectedly": Failure.UNREACHABLE,
    'FATAL:  database "x" is not currently accepting connections': Failure.UNREACHABLE,
    "FATAL:  servern är full": Failure.UNREACHABLE,
}


@pytest.mark.parametrize("sqlstate", SQLSTATES)
def test_what_a_server_says_by_its_code(sqlstate):
    error = psycopg.errors.lookup(sqlstate)("host=10.0.0.7 user=kalle")

    assert failure_of(error) is SQLSTATES[sqlstate]
    assert failure_of(DBAPIError("SELECT", None, error)) is SQLSTATES[sqlstate]


@pytest.mark.parametrize("words", WORDS)
def test_what_a_server_says_while_it_is_connected_to(words):
    assert failure_of(psycopg.OperationalError(words)) is WORDS[words]


@pytest.mark.parametrize("code", SQLITE_CODES)
def test_what_sqlite_says(code):
    error = sqlite3.OperationalError("unable to open /srv/book")
    error.sqlite_errorcode = code

    assert failure_of(error) is SQLITE_CODES[code]


@pytest.mark.parametrize("number", ERRNOS)
def test_what_the_operating_system_says(number):
    failure = failure_of(OSError(number, "words", "/srv/book"))

    assert type(failure.error()) is ERRNOS[number]
    assert failure_of(FileNotFoundError(ENOENT, "none")) is None


def test_no_sentence_has_words_for_developers():
    for failure in Failure:
        assert failure.sentence.endswith(".")
        assert "error in ClaimBook" not in failure.sentence
        assert len(failure.word.split()) <= 3


@pytest.mark.both_databases
def test_writing_in_work_that_only_reads_is_a_mistake_of_ours(session):
    with transaction_mode("read"), pytest.raises(DBAPIError) as refused:
        session.execute(text("DELETE FROM counters"))
    session.rollback()

    assert failure_of(refused.value) is None
    assert session.scalar(select(Counter.value)) is None


@pytest.mark.parametrize(
    ("bytes_of_file", "failure"),
    [(b"no database at all" * 100, Failure.DAMAGED), (None, Failure.NOT_OPENED), (b"", None)],
)
def test_what_the_driver_of_exports_says_of_a_file(tmp_path, bytes_of_file, failure):
    path = tmp_path / "book.db"
    if bytes_of_file is not None:
        path.write_bytes(bytes_of_file)

    with (
        pytest.raises(adbc_driver_manager.Error) as raised,
        adbc_driver_sqlite.dbapi.connect(f"file:{path}?mode=ro") as connection,
    ):
        connection.cursor().execute("SELECT * FROM claims")

    assert failure_of(raised.value) is failure
