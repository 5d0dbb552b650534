"""The state of the schema, and its upgrade in the embedded book."""

import fcntl
import logging
import sqlite3

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from flask import Flask, current_app
from sqlalchemy.exc import DatabaseError

from flaskr.database.book_file import BookFileChanged, NoBookFile
from flaskr.database.commit_note import noted_commit
from flaskr.database.engine import is_embedded
from flaskr.database.lost_commits import LACKS, lost_commits
from flaskr.database.modes import transaction_mode
from flaskr.database.past_books import files_of_past_book
from flaskr.database.schema_revision import REVISION
from flaskr.errors import SchemaError
from flaskr.extensions import db, migrate
from flaskr.private_files import open_private
from flaskr.settings import BOOK_FILE

_logger = logging.getLogger(__name__)


def migration_config() -> Config:
    """Return Alembic's configuration for the current application."""
    return migrate.get_config()


def schema_problem() -> str:
    """Return what is wrong with the schema or the book's file; empty when all is right."""
    noted = noted_commit(str(db.engine.url.database)) if is_embedded() else None
    try:
        with transaction_mode("read"), db.engine.connect() as connection:
            revision = max(MigrationContext.configure(connection).get_current_heads(), default="")
            lost = noted and lost_commits(connection, noted)
    except NoBookFile:
        return _no_book()
    except BookFileChanged as error:
        return str(error)
    if lost:
        return lost
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
    with open_private(folder / "migration.lock", "w") as lock, app.app_context():
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            problem = schema_problem()
        except DatabaseError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_NOTADB:
                raise
            raise SchemaError(f"{folder / BOOK_FILE} is not a SQLite database.") from error
        if "newer" in problem:
            raise SchemaError(problem)
        if problem.startswith(LACKS):  # a migration would write to it
            _logger.error("%s", problem)
            return False
        if problem.startswith("There is no book"):
            if files_of_past_book(folder):
                _logger.error("%s", problem)
                return False
            _logger.info("creating a new, empty book in %s", folder)
        if problem:
            command.upgrade(migration_config(), "head")
    return True
