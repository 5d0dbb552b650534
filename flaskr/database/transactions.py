"""Separate reads and writes, and locks."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, func, select

from flaskr.database.engine import SQLITE_PRAGMAS
from flaskr.database.failures import DATABASE_ERRORS
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db

_logger = logging.getLogger(__name__)

LEDGER_LOCK = 7_201_001  # an arbitrary number: no other advisory lock of the database has it

IMPORT_LOCK = 7_201_004

_LOCKED_IN = "ledger_locked_in"  # in the session's info: the transaction that has locked it


def drop_session(_error: BaseException | None = None) -> None:
    """End the session's transaction, also if the connection to the database is gone.

    For when a request or a command is over: its answer is made, and must not be replaced.
    """
    try:
        db.session.remove()
    except DATABASE_ERRORS as error:
        _logger.warning("a transaction could not be ended: %s", getattr(error, "orig", error))
        db.session().invalidate()
        db.session.remove()


@contextmanager
def separate_write(timeout_seconds: float = 30) -> Iterator[Connection]:
    """Yield a connection for a short, separate write, committed when the block ends.

    For what is recorded about work that only reads, or that was refused. The session's transaction
    is ended first, because on SQLite the write would wait for it. `timeout_seconds` is how long to
    wait for SQLite's other writers, in their queue too, before an OperationalError.
    """
    db.session.remove()
    with transaction_mode("write"), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.connection.execute(f"PRAGMA busy_timeout={int(timeout_seconds * 1000)}")
        try:
            with connection.begin():
                yield connection
        finally:
            if db.engine.dialect.name == "sqlite":
                connection.connection.execute("PRAGMA " + SQLITE_PRAGMAS[0])


@contextmanager
def separate_read() -> Iterator[Connection]:
    """Yield a read-only connection that is separate from the session, which may be about to write.

    A session in write mode locks all of SQLite from its first statement, even if that only reads
    who is signed in. Lookups that precede the work, and may take long, use this connection.
    """
    with transaction_mode("read"), db.engine.connect() as connection:
        yield connection


def locked_row(statement: Select[Any]) -> Any:
    """Return the one row of a select, read anew and locked until the transaction ends."""
    # SQLite needs no row lock: BEGIN IMMEDIATE has locked the whole database.
    fresh = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(fresh).one()


def lock_imports() -> None:
    """Let one import at a time be loaded or undone, until the transaction ends.

    Taken before any other lock. Not a lock on the book's row, which postings may change.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))


def lock_ledger() -> None:
    """Lock out other writers of the ledger until the transaction ends.

    Take it before reading the clock and before inserting whatever the watermark counts (entries,
    claims, policies, revisions), so that ids, instants and commits are in the same order. Locks are
    taken in this order: claims by id, the policy, this one, counters.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(LEDGER_LOCK)))
    db.session.connection()  # begins the transaction, on SQLite too
    session = db.session()
    session.info[_LOCKED_IN] = session.get_transaction()


def has_locked_ledger() -> bool:
    """Whether the session's transaction has locked the ledger: its commit is sealed."""
    session = db.session()
    transaction = session.get_transaction()
    return transaction is not None and session.info.get(_LOCKED_IN) is transaction
