"""The engine for both databases: how it connects and begins its transactions."""

import sqlite3
from typing import Any, Literal
from urllib.parse import quote

from flask import current_app
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from flaskr.database.book_file import watch_file
from flaskr.database.failures import IN_READ_WORK, Failure, failure_of
from flaskr.database.modes import current_mode
from flaskr.database.schema_revision import check_revision
from flaskr.database.writer_queue import QueuedConnection
from flaskr.extensions import db

SQLITE_PRAGMAS = (
    "busy_timeout=30000",  # first, for the other pragmas may have to wait too
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)

# What a pooler such as PgBouncer in transaction mode takes too: there, each transaction may have
# another connection to the server, so nothing of a session lasts, and no statement stays prepared.
SERVER_CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "claimbook",
    "prepare_threshold": None,
}
SERVER_SETTINGS = "SET LOCAL timezone = 'UTC'; SET LOCAL lock_timeout = '30s'; SET LOCAL jit = off"
_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


def engine_options(is_embedded: bool) -> dict[str, Any]:
    """Return the options of create_engine; dead connections are replaced before they are used.

    No error has the values of a statement in its text, for it may get into the log.
    """
    arguments = {"factory": QueuedConnection} if is_embedded else SERVER_CONNECTION
    return {"pool_pre_ping": True, "hide_parameters": True, "connect_args": arguments}


def configure_engine(engine: Engine) -> None:
    """Make every transaction begin in the current mode."""
    event.listen(engine, "handle_error", _mark_own_mistake)
    if engine.dialect.name == "sqlite":
        watch_file(engine)
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
    """Set a transaction up; one that reads is read-only, with one snapshot for all statements.

    In one round trip each: the driver sends statements without values as they are.
    """
    mode = current_mode.get()
    if mode == "write":
        check_revision(connection, SERVER_SETTINGS)
    elif mode == "read":
        connection.exec_driver_sql(f"{_READ_ONLY}; {SERVER_SETTINGS}")
    else:
        connection.exec_driver_sql(SERVER_SETTINGS)


def _mark_own_mistake(context: ExceptionContext) -> None:
    """Note on an error that the work only reads: then it is no matter whether it could write."""
    if current_mode.get() == "read" and failure_of(context.original_exception) is Failure.READ_ONLY:
        context.original_exception.add_note(IN_READ_WORK)


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
