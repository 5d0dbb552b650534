"""The health check for monitoring and load balancers."""

import logging
import os
from pathlib import Path

from flask import Blueprint, current_app, jsonify
from sqlalchemy import text

from flaskr.database.engine import is_embedded
from flaskr.database.failures import DATABASE_ERRORS, Failure, failure_of
from flaskr.database.modes import transaction_mode
from flaskr.database.schema import schema_error
from flaskr.errors import page_message
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE

blueprint = Blueprint("health", __name__)
_logger = logging.getLogger(__name__)

_LEAST_BYTES = 64 * 1024  # a commit of the smallest entry, with the pages of its indexes
_IS_READ_ONLY = text(
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean"
)
# Writes nothing that lasts: rows beyond work_mem go to a temporary file on the database's disk.
_SMALL_MEMORY = text("SET LOCAL work_mem = '64kB'")
_SPILLED_ROWS = text("SELECT count(*) FROM generate_series(1, 20000)")


@blueprint.get("/healthz")
def show():
    """Answer 200 when the database is there, can be written, and has this schema, else 503."""
    try:
        problem = schema_error()
        failure = None if problem else _failure_of_writing()
    except DATABASE_ERRORS as error:
        _logger.warning("not healthy: %s", getattr(error, "orig", error))
        failure = failure_of(error)
        return jsonify(database=failure.word if failure else "faulty", schema="unknown"), 503
    if problem:
        _logger.warning("not healthy: %s", problem)
        return jsonify(database="reachable", schema=page_message(problem)), 503
    if failure:
        return jsonify(database=failure.word, schema="at head"), 503
    return jsonify(database="reachable", schema="at head")


def _failure_of_writing() -> Failure | None:
    """Return why nothing can be written; None if it can, or if only trying would show."""
    if is_embedded():
        return _failure_of_folder(current_app.config["INSTANCE_FOLDER"])
    with transaction_mode("read"), db.engine.connect() as connection:
        if connection.scalar(_IS_READ_ONLY):
            return Failure.READ_ONLY
        connection.execute(_SMALL_MEMORY)
        connection.execute(_SPILLED_ROWS)
    return None


def _failure_of_folder(folder: Path) -> Failure | None:
    """Return why the embedded book's file or its folder cannot be written."""
    if not all(os.access(path, os.W_OK) for path in (folder, folder / BOOK_FILE)):
        return Failure.READ_ONLY
    disk = os.statvfs(folder)
    return Failure.FULL if disk.f_bavail * disk.f_frsize < _LEAST_BYTES else None
