"""Open the book for writing in the isolated process, with the driver's own connection."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from flaskr.database.book_file import require_file
from flaskr.database.engine import SERVER_CONNECTION, SERVER_SETTINGS, SQLITE_PRAGMAS
from flaskr.database.failures import failure_of
from flaskr.database.schema_revision import REVISION, check_driver_revision
from flaskr.database.transactions import LEDGER_LOCK
from flaskr.database.writer_queue import QueuedConnection

_logger = logging.getLogger(__name__)

_CACHE_KIB = 256 * 1024  # the indexes of a million claims
_BUSY_SECONDS = 30


@contextmanager
def book_transaction(address: str, revision: str = REVISION) -> Iterator[Any]:
    """Yield a connection in one transaction, committed at the end or rolled back on an error.

    `address` is what `driver_url` returns for writing, and `revision` the schema's that
    the caller's task was made for. Raises SchemaError if the book has another schema, BusyError if
    it is locked for 30 seconds, DatabaseUnavailable if it cannot be reached or written.
    """
    with _explain_driver_errors(address):
        is_sqlite = address.startswith("file:")
        connection = _sqlite_book(address) if is_sqlite else _postgresql_book(address)
        with closing(connection):
            check_driver_revision(connection, revision, SERVER_SETTINGS)
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
    """Connect to PostgreSQL as the web does."""
    return psycopg.connect(address, **SERVER_CONNECTION)


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
    except (sqlite3.Error, psycopg.Error) as error:
        if (failure := failure_of(error)) is None:
            raise
        _logger.error("the database is %s: %s", failure.word, error)
        require_file(address)
        raise failure.error() from error
