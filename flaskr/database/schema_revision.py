"""The revision of the schema that this process was made for, and its check by each writer.

A migration may run while older processes are still serving. They must not write to tables that they
do not know.
"""

import logging
import sqlite3
from typing import Any

from flask import g
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from flaskr.database.failures import failure_of
from flaskr.errors import SchemaError
from flaskr.exit_codes import ExitCode
from flaskr.settings import PROJECT_FOLDER

_logger = logging.getLogger(__name__)

_MIGRATIONS = (PROJECT_FOLDER / "migrations" / "versions").glob("[0-9]*.py")
# Read once: the files may be replaced by those of a newer version while this process runs.
REVISION = max(path.stem for path in _MIGRATIONS).partition("_")[0]
MIGRATION_LOCK = 7_201_002  # an arbitrary number, see LEDGER_LOCK
NEWER = "The database was made by a newer version of ClaimBook. Run that version instead."
_READ = "SELECT version_num FROM alembic_version"
# With _READ in one round trip, but a statement of its own: one that has waited for the lock still
# sees what was there before.
_LOCK = f"SELECT pg_advisory_xact_lock_shared({MIGRATION_LOCK})"


class MigrationRefused(SchemaError):
    """A migration that would lose what the book has, or make a second book."""

    exit_code = ExitCode.REFUSED


def check_revision(connection: Connection, settings: str = "") -> None:
    """Raise SchemaError, and end the transaction that has just begun, unless the schema is known.

    Until the transaction ends, no migration can begin: on SQLite because of BEGIN IMMEDIATE, on
    PostgreSQL because a migration takes exclusively the lock that is taken here. `settings` are
    statements to send with it.
    """
    driver_error = connection.dialect.loaded_dbapi.Error
    try:
        row = _revision_row(connection.connection.driver_connection, settings)
    except driver_error as error:
        # As SQLAlchemy raises it, which is not used here because it takes twice as long.
        raised = DBAPIError.instance("SELECT", None, error, driver_error)
        if not isinstance(raised, DBAPIError) or failure_of(raised):
            raise raised from error
        row = None  # there is no such table
    try:
        _check(row, REVISION)
    except SchemaError as error:
        connection.connection.rollback()
        g.unavailable = error  # so that the request is refused, whoever catches it
        raise


def check_driver_revision(connection: Any, revision: str, settings: str = "") -> None:
    """Do the same with a driver's connection, for the isolated process.

    `revision` is that of the web process or command that started it. The caller ends the
    transaction.
    """
    row = _revision_row(connection, settings)
    _check(row, revision)
    _check(row, REVISION)


def _revision_row(connection: Any, settings: str) -> Any:
    """Return the row of alembic_version; on PostgreSQL, keep migrations from beginning."""
    if isinstance(connection, sqlite3.Connection):
        return connection.execute(_READ).fetchone()
    cursor = connection.execute("; ".join(filter(None, (settings, _LOCK, _READ))))
    while cursor.nextset():
        pass
    return cursor.fetchone()


def _check(row: Any, revision: str) -> None:
    """Raise SchemaError unless a row of alembic_version has the revision."""
    if row is not None and row[0] == revision:
        return
    found = f"at revision {row[0]}" if row else "missing"
    error = SchemaError(
        f"The schema of the book is {found}, and this process was made for revision {revision}, so "
        "nothing was written. Restart it with the version of ClaimBook that fits the book."
    )
    _logger.error("refused to write: %s", error)
    raise error
