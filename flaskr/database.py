"""Engine set-up for both databases, transactions and locks, and the state of the schema."""

import fcntl
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Select, event, func, select
from sqlalchemy.exc import DatabaseError, DBAPIError

from flaskr.errors import SchemaError
from flaskr.extensions import db, migrate
from flaskr.past_books import files_of_past_book
from flaskr.schema_revision import REVISION, check_revision
from flaskr.settings import BOOK_FILE
from flaskr.writer_queue import QueuedConnection

_logger = logging.getLogger(__name__)

TransactionMode = Literal["read", "write", "migrate"]
current_mode: ContextVar[TransactionMode] = ContextVar("transaction_mode", default="write")

LEDGER_LOCK = 7_201_001  # an arbitrary number: no other advisory lock of the database has it
IMPORT_LOCK = 7_201_004

SQLITE_PRAGMAS = (
    "busy_timeout=30000",  # first, for the other pragmas may have to wait too
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)


def engine_options(is_embedded: bool) -> dict[str, Any]:
    """Return the options of create_engine; dead connections are replaced before they are used."""
    if is_embedded:
        return {"pool_pre_ping": True, "connect_args": {"factory": QueuedConnection}}
    options = "-c timezone=UTC -c lock_timeout=30s -c application_name=claimbook -c jit=off"
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5, "options": options}}


def configure_engine(engine: Engine) -> None:
    """Make every transaction begin in the current mode."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)


def _set_pragmas(dbapi_connection: Any, record: Any) -> None:
    """Set up a new SQLite connection for concurrent writers."""
    dbapi_connection.isolation_level = None  # SQLAlchemy emits BEGIN, not the driver
    for pragma in SQLITE_PRAGMAS:
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction: a read one cannot write, a write one queues for the write lock.

    After a plain BEGIN the first write may fail with "database is locked" without waiting:
    busy_timeout does not apply to an upgrade from a read lock to a write lock.
    """
    mode = current_mode.get()
    if mode == "migrate":  # no effect inside a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if mode == 'read' else 'OFF'}")
    if mode == "read":
        connection.exec_driver_sql("BEGIN DEFERRED")
    else:
        _begin_write(connection.connection.driver_connection)
    if mode == "write":
        check_revision(connection)


def _begin_write(connection: Any) -> None:
    """Begin a write transaction of SQLite; raises SQLAlchemy's errors, not the driver's."""
    try:
        connection.begin_immediate()
    except sqlite3.Error as error:
        raise DBAPIError.instance("BEGIN IMMEDIATE", None, error, sqlite3.Error) from error


def _begin_postgresql(connection: Connection) -> None:
    """Make a read transaction read-only, with one snapshot for all its statements."""
    if current_mode.get() == "read":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    elif current_mode.get() == "write":
        check_revision(connection)


@contextmanager
def transaction_mode(mode: TransactionMode) -> Iterator[None]:
    """Begin the transactions of this block in a mode; those already begun keep theirs."""
    token = current_mode.set(mode)
    try:
        yield
    finally:
        current_mode.reset(token)


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


def migration_config() -> Config:
    """Return Alembic's configuration for the current application."""
    return migrate.get_config()


def schema_problem() -> str:
    """Return what is wrong with the schema and what to do about it; empty when it is current."""
    if is_embedded() and not (current_app.config["INSTANCE_FOLDER"] / BOOK_FILE).exists():
        return _no_book()  # without connecting, which would make an empty file
    with transaction_mode("read"), db.engine.connect() as connection:
        revision = max(MigrationContext.configure(connection).get_current_heads(), default="")
    if not revision:
        return _no_book()
    if revision > REVISION:
        return "The database was made by a newer version of ClaimBook. Run that version instead."
    if revision < REVISION:
        return "The database's schema is behind this version. Run: flask db upgrade"
    return ""


def _no_book() -> str:
    """Return where a book was looked for, and what to do whether or not there should be one."""
    if not is_embedded():
        return (
            "There is no book in this database. If there should be one, check DATABASE_URL and "
            "the search path. To make a new, empty book, run: flask db upgrade"
        )
    folder = current_app.config["INSTANCE_FOLDER"]
    left = ", ".join(files_of_past_book(folder))
    return (
        f"There is no book in {folder}{f', but files of one ({left})' if left else ''}. If there "
        "should be one, check INSTANCE_FOLDER and DATABASE_URL, or restore it from a backup. To "
        "make a new, empty book, run: flask db upgrade"
    )


def upgrade_embedded(app: Flask) -> bool:
    """Upgrade the embedded book to this version's schema; other processes wait meanwhile.

    Creates a missing book. Returns False, after logging why, if there has been one.
    Raises SchemaError for a book from a newer version, and for a file that is not a database.
    """
    folder = app.config["INSTANCE_FOLDER"]
    with (folder / "migration.lock").open("w") as lock, app.app_context():
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            problem = schema_problem()
        except DatabaseError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_NOTADB:
                raise
            raise SchemaError(f"{folder / BOOK_FILE} is not a SQLite database.") from error
        if "newer" in problem:
            raise SchemaError(problem)
        if problem.startswith("There is no book"):
            if files_of_past_book(folder):
                _logger.error("%s", problem)
                return False
            _logger.info("creating a new, empty book in %s", folder)
        if problem:
            command.upgrade(migration_config(), "head")
    return True


def is_embedded() -> bool:
    """Whether the book is the SQLite file of the instance folder."""
    return not current_app.config["DATABASE_URL"]


def driver_url(mode: Literal["ro", "rw"] = "ro") -> str:
    """Return the database's URL for other drivers: libpq's format, or SQLite's file URI.

    `mode` is that of the SQLite file. The URL may contain a password.
    """
    url = db.engine.url
    if db.engine.dialect.name == "sqlite":
        return f"file:{quote(str(url.database))}?mode={mode}"
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
