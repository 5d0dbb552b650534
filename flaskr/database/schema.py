"""The state of the schema, and its upgrade in the embedded book."""

import fcntl
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask, current_app

from flaskr.database.book_file import BookFileChanged, NoBookFile
from flaskr.database.commit_note import noted_commit
from flaskr.database.engine import is_embedded
from flaskr.database.lost_commits import LostCommits, lost_commits
from flaskr.database.missing_parts import missing_parts
from flaskr.database.modes import transaction_mode
from flaskr.database.past_books import files_of_past_book
from flaskr.database.schema_revision import NEWER, REVISION
from flaskr.errors import DatabaseUnavailable, SchemaError
from flaskr.extensions import db, migrate
from flaskr.private_files import open_private
from flaskr.settings import BOOK_FILE

_logger = logging.getLogger(__name__)


def migration_config() -> Config:
    """Return Alembic's configuration for the current application."""
    return migrate.get_config()


class _NoBook(SchemaError):
    """A database without a book."""

    elsewhere = "There is no book here. Whoever runs it finds in the log where it was looked for."


class _OlderSchema(SchemaError):
    """A database that was not upgraded to this version."""

    elsewhere = (
        "The database's schema is behind this version. Whoever runs the book has to upgrade it."
    )


class _NewerSchema(SchemaError):
    """A database that a newer version has upgraded."""


class _IncompleteSchema(SchemaError):
    """A database of this version that somebody took tables or columns from."""

    elsewhere = (
        "The database lacks a part of the book. Whoever runs the book finds in the log which, and "
        "has to restore it from a backup."
    )


def schema_error() -> SchemaError | DatabaseUnavailable | None:
    """Return what is wrong with the schema or the book's file; None when all is right."""
    noted = noted_commit(str(db.engine.url.database)) if is_embedded() else None
    try:
        with transaction_mode("read"), db.engine.connect() as connection:
            revision = max(MigrationContext.configure(connection).get_current_heads(), default="")
            lost = noted and lost_commits(connection, noted)
            missing = missing_parts(connection) if revision == REVISION else []
    except NoBookFile:
        return _no_book()
    except BookFileChanged as error:
        return error
    if lost:
        return LostCommits(lost)
    if not revision:
        return _no_book()
    if revision > REVISION:
        return _NewerSchema(NEWER)
    if revision < REVISION:
        return _OlderSchema("The database's schema is behind this version. Run: flask db upgrade")
    if missing:
        return _IncompleteSchema(
            f"The database lacks tables or columns of the book: {', '.join(missing)}. Restore it "
            "from a backup."
        )
    return None


def _no_book() -> _NoBook:
    """Return where a book was looked for, and what to do whether or not there should be one."""
    if not is_embedded():
        return _NoBook(
            "There is no book in this database. If there should be one, check DATABASE_URL and "
            "the search path. To make a new, empty book, run: flask db upgrade"
        )
    folder = current_app.config["INSTANCE_FOLDER"]
    left = ", ".join(files_of_past_book(folder))
    return _NoBook(
        f"There is no book in {folder}{f', but files of one ({left})' if left else ''}. If there "
        "should be one, check INSTANCE_FOLDER and DATABASE_URL, or restore it from a backup. To "
        "make a new, empty book, run: flask db upgrade"
    )


def _problem_of_file(path: Path) -> SchemaError | DatabaseUnavailable | None:
    """Return what is wrong with the embedded book's schema.

    Raises SchemaError for a folder, and for a file that is not a book's.
    """
    if path.exists() and not path.is_file():
        raise SchemaError(f"{path} is not a file. Take it away, and put the book's file there.")
    if path.exists() and (tables := _tables_of(path)) and "alembic_version" not in tables:
        raise SchemaError(
            f"{path} is the database of another program, so nothing was changed. Take it away, or "
            "set INSTANCE_FOLDER to another folder."
        )
    return schema_error()


def _tables_of(path: Path) -> set[str]:
    """Return the names of a SQLite file's tables, which is not changed: the engine sets it up."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {name for (name,) in rows}
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_NOTADB:
            raise
        raise SchemaError(f"{path} is not a SQLite database.") from error


def upgrade_embedded(app: Flask) -> bool:
    """Upgrade the embedded book to this version's schema; other processes wait meanwhile.

    Creates a missing book. Returns False, after logging why, if there has been one.
    Raises SchemaError for a book from a newer version, and for a file that is not a database.
    """
    folder = app.config["INSTANCE_FOLDER"]
    with open_private(folder / "migration.lock", "w") as lock, app.app_context():
        fcntl.flock(lock, fcntl.LOCK_EX)
        problem = _problem_of_file(folder / BOOK_FILE)
        if isinstance(problem, _NewerSchema):
            raise problem
        if isinstance(problem, LostCommits):  # a migration would write to it
            _logger.error("%s", problem)
            return False
        if isinstance(problem, _NoBook):
            if files_of_past_book(folder):
                _logger.error("%s", problem)
                return False
            _logger.info("creating a new, empty book in %s", folder)
        if problem:
            command.upgrade(migration_config(), "head")
    return True
