"""Copies of an erased text outside its row: old pages of the SQLite file, and the spool."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from flaskr.database.engine import is_embedded
from flaskr.errors import ClaimBookError
from flaskr.exports.services import spool_folder
from flaskr.exports.spool import remove_all_files
from flaskr.extensions import db


class _FileInUse(ClaimBookError):
    """Old bytes could not be overwritten because others use the file."""

    status = 503


def overwrite_deleted() -> bool:
    """Make SQLite overwrite what this transaction deletes; return whether it already did so."""
    if not is_embedded():
        return True
    connection = db.session.connection()
    was_on = connection.exec_driver_sql("PRAGMA secure_delete").scalar()
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    return bool(was_on)


def clear_old_pages(overwrites_always: bool) -> None:
    """Remove old pages from the embedded book's files; raises ClaimBookError while others read it.

    Unless SQLite always overwrites, the file also holds what earlier edits deleted, so VACUUM
    rewrites it.
    """
    if not is_embedded():
        return
    db.session.remove()
    with closing(db.engine.raw_connection()) as connection:
        try:
            connection.driver_connection.wait_for_turn()  # type: ignore[union-attr]
            if not overwrites_always:
                connection.cursor().execute("VACUUM")
            rows = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:
            rows = [(1,)]
    if rows[0][0]:
        raise _FileInUse(
            "They are erased from the book, but old pages of its file remain while others read "
            "it. Run the same command again when nobody is using the book."
        )


def empty_spool(config: Mapping[str, Any]) -> None:
    """Delete every file in the spool; files being made are deleted once they are done."""
    remove_all_files(spool_folder(config))
