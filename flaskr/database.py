"""Engine set-up for both databases, the schema's state, and the embedded book's own migration."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Select, event, func, select
from sqlalchemy.exc import DatabaseError

from flaskr.errors import SchemaError
from flaskr.extensions import db, migrate

TransactionMode = Literal["read", "write", "migrate"]
current_mode: ContextVar[TransactionMode] = ContextVar("work_mode", default="write")

LEDGER_LOCK = 7_201_001  # any number that no other advisory lock of this database uses
MIGRATION_LOCK = 7_201_002

SQLITE_PRAGMAS = (
    "busy_timeout=30000",  # first: the others may have to wait too
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)


def engine_options(is_embedded: bool) -> dict[str, Any]:
    """Return what the engine is made with; a dead connection is noticed before it is used."""
    if is_embedded:
        return {"pool_pre_ping": True}
    options = "-c timezone=UTC -c lock_timeout=30s -c application_name=claimbook -c jit=off"
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5, "options": options}}


def configure_engine(engine: Engine) -> None:
    """Make every transaction begin as the work's mode says."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)


def _set_pragmas(dbapi_connection: Any, record: Any) -> None:
    """Prepare a new SQLite connection for many writers."""
    dbapi_connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
    for pragma in SQLITE_PRAGMAS:
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin: a reader is held to reading, a writer takes the write lock at once.

    A plain BEGIN that writes later gets "database is locked" without waiting: busy_timeout does not
    apply to an upgrade from read to write.
    """
    mode = current_mode.get()
    if mode == "migrate":  # has no effect once the transaction has begun
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if mode == 'read' else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if mode == "read" else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    """Give a reader one snapshot for all its statements, and no way to write."""
    if current_mode.get() == "read":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


@contextmanager
def transaction_mode(mode: TransactionMode) -> Iterator[None]:
    """Do what follows in one mode; transactions already begun keep theirs."""
    token = current_mode.set(mode)
    try:
        yield
    finally:
        current_mode.reset(token)


@contextmanager
def separate_write(patience: float = 30) -> Iterator[Connection]:
    """Give a connection for a short write of its own, committed when the block ends.

    For what is recorded about work that only reads, or that was refused: that work's transaction
    ends first, for a writer of SQLite would wait for itself. `patience` is in seconds: how long
    to wait for SQLite's other writers, before an OperationalError.
    """
    db.session.remove()
    with transaction_mode("write"), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.connection.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
        try:
            with connection.begin():
                yield connection
        finally:
            if db.engine.dialect.name == "sqlite":
                connection.connection.execute("PRAGMA " + SQLITE_PRAGMAS[0])


@contextmanager
def separate_read() -> Iterator[Connection]:
    """Give a connection to read by, apart from the session, which may be about to write.

    A session that writes holds all of SQLite from its first statement on, a look at who is signed
    in included: what comes before the work, and may take long, looks through this.
    """
    with transaction_mode("read"), db.engine.connect() as connection:
        yield connection


def locked_row(statement: Select[Any]) -> Any:
    """Return the one row of a select as it is now, locked until the transaction ends."""
    # SQLite needs no row lock: a writer has the whole book since its BEGIN IMMEDIATE.
    fresh = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(fresh).one()


def lock_ledger() -> None:
    """Be the only one to add to the book until commit; the clock is read after it.

    Whatever the watermark counts (entries, claims, policies, revisions) is written under it, so
    that ids, instants and commits have one order. Locks are taken in this order: claims by id, the
    policy, this one, counters.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(LEDGER_LOCK)))


def migration_config() -> Config:
    """Return Alembic's configuration for the current application."""
    return migrate.get_config()


def schema_problem() -> str:
    """Return what is wrong with the schema, in a sentence with what to do; empty when it fits."""
    script = ScriptDirectory.from_config(migration_config())
    with transaction_mode("read"), db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    if current == set(script.get_heads()):
        return ""
    known = {revision.revision for revision in script.walk_revisions()}
    if current - known:
        return "The database was made by a newer version of ClaimBook. Run that version instead."
    return "The database's schema is behind this version. Run: flask db upgrade"


def upgrade_embedded(app: Flask) -> None:
    """Bring the embedded book to this version's schema; one process does it, the others wait.

    Raises SchemaError for a book from a newer version, and for a file that is no book.
    """
    folder = app.config["INSTANCE_FOLDER"]
    with (folder / "migration.lock").open("w") as lock, app.app_context():
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            problem = schema_problem()
        except DatabaseError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_NOTADB:
                raise
            raise SchemaError(f"{folder / 'claimbook.db'} is not a SQLite database.") from error
        if "newer" in problem:
            raise SchemaError(problem)
        if problem:
            command.upgrade(migration_config(), "head")


def is_embedded() -> bool:
    """Whether the book is the SQLite file of the instance folder."""
    return not current_app.config["DATABASE_URL"]


def driver_url(mode: Literal["ro", "rw"] = "ro") -> str:
    """Return the book's address for other drivers: libpq's, or the SQLite file's to read or write.

    It may have a password in it.
    """
    url = db.engine.url
    if db.engine.dialect.name == "sqlite":
        return f"file:{quote(str(url.database))}?mode={mode}"
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
