"""Open the book for writing in the isolated process, with the driver's own connection."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from flaskr.database.book_file import require_file
from flaskr.database.engine import SQLITE_PRAGMAS, engine_options
from flaskr.database.schema_revision import REVISION, check_driver_revision
from flaskr.database.transactions import LEDGER_LOCK
from flaskr.database.writer_queue import QueuedConnection
from flaskr.errors import _UNAVAILABLE_CODES, BusyError, DatabaseUnavailable

_logger = logging.getLogger(__name__)

_CACHE_KIB = 256 * 1024  # the indexes of a million claims
_BUSY_SECONDS = 30
_AWAY = "The database does not answer, and nothing was written. Please try again in a moment."
_BUSY = "Somebody else is writing to the book, and nothing was written. Please try again."
_FULL = (
    "The database's disk is full, and nothing was written. Whoever runs the book has to free "
    "some space."
)
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@contextmanager
def book_transaction(address: str, revision: str = REVISION) -> Iterator[Any]:
    """Yield a connection in one transaction, committed at the end or rolled back on an error.

    `address` is what `driver_url` returns for writing, and `revision` the schema's that
    the caller's task was made for. Raises SchemaError if the book has another schema, BusyError if
    it is locked for 30 seconds, DatabaseUnavailable if it cannot be reached or its disk is full.
    """
    with _explain_driver_errors(address):
        is_sqlite = address.startswith("file:")
        connection = _sqlite_book(address) if is_sqlite else _postgresql_book(address)
        with closing(connection):
            check_driver_revision(connection, revision)
            yield connection
            connection.commit()  # closing without a commit rolls back


def _sqlite_book(address: str) -> QueuedConnection:
    """Open a SQLite file with the web's settings, and take its write lock in turn."""
    connection = sqlite3.connect(
        address,
        uri=True,
        isolation_level=None,
        timeout=_BUSY_SECONDS,
        check_same_thread=False,
        factory=QueuedConnection,
    )
    try:
        for pragma in (*SQLITE_PRAGMAS, f"cache_size=-{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.begin_immediate()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _postgresql_book(address: str) -> psycopg.Connection[Any]:
    """Connect to PostgreSQL with the web's options."""
    return psycopg.connect(address, **engine_options(is_embedded=False)["connect_args"])


def take_ledger_lock(connection: Any) -> None:
    """Lock out other writers of the ledger until commit, as `lock_ledger` does."""
    if isinstance(connection, psycopg.Connection):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LEDGER_LOCK,))


def placeholder(connection: Any) -> str:
    """Return the driver's mark for a value in a statement."""
    return "?" if isinstance(connection, sqlite3.Connection) else "%s"


def stored_instant(connection: Any, instant: datetime) -> str | datetime:
    """Return an instant as the models store it: SQLite has text, without a time zone."""
    if not isinstance(connection, sqlite3.Connection):
        return instant
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


@contextmanager
def _explain_driver_errors(address: str) -> Iterator[None]:
    """Turn the drivers' errors into ours if the user can act on them."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in _UNAVAILABLE_CODES:
            raise
        _logger.error("database unavailable: %s", error)
        require_file(address)
        if code in _SQLITE_BUSY:
            raise BusyError(_BUSY) from error
        raise DatabaseUnavailable(_FULL if code == sqlite3.SQLITE_FULL else _AWAY) from error
    except psycopg.OperationalError as error:
        _logger.error("database unavailable: %s", error)
        if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
            raise BusyError(_BUSY) from error
        is_full = isinstance(error, psycopg.errors.DiskFull)
        raise DatabaseUnavailable(_FULL if is_full else _AWAY) from error
