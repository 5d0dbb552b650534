"""What is left of an erased text outside its row: old pages of the file, and files made of it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from flaskr.database import is_embedded
from flaskr.errors import ClaimBookError
from flaskr.exports.kept.files import KeptExport, kept_exports
from flaskr.exports.kept.services import kept_folder
from flaskr.exports.services import spool_folder
from flaskr.exports.spool import remove_all_files
from flaskr.extensions import db
from flaskr.imports.job_folders import JOBS
from flaskr.imports.jobs import ORDER, Job


class _StillWritten(ClaimBookError):
    """Old bytes that could not be overwritten, since somebody else uses the file."""

    status = 503


def overwrite_deleted() -> bool:
    """Have SQLite write zeros over what this transaction deletes; return whether it always does."""
    if not is_embedded():
        return True
    connection = db.session.connection()
    always = connection.exec_driver_sql("PRAGMA secure_delete").scalar()
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    return bool(always)


def clear_old_pages(overwrites_always: bool) -> None:
    """Leave no old page of the embedded book in its files; raises StillWritten.

    Where SQLite does not always overwrite, what earlier edits deleted lies in the file too, and it
    is written anew.
    """
    if not is_embedded():
        return
    db.session.remove()
    with closing(db.engine.raw_connection()) as connection:
        try:
            if not overwrites_always:
                connection.cursor().execute("VACUUM")
            rows = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:
            rows = [(1,)]
    if rows[0][0]:
        raise _StillWritten(
            "They are erased from the book, but old pages of its file remain while others read "
            "it. Run the same command again when nobody is using the book."
        )


def empty_spool(config: Mapping[str, Any]) -> None:
    """Remove every file in the spool, those in the making once they are made."""
    remove_all_files(spool_folder(config))


def kept_with_names(config: Mapping[str, Any]) -> list[KeptExport]:
    """Return the kept exports that have a column of names or of free text."""
    every = kept_exports(kept_folder(config))
    return [kept for kept in every if kept.has_names and not kept.deleted_at]


def folders_of_imports(config: Mapping[str, Any]) -> dict[Path, list[str]]:
    """Return the folders that still have files of imports, and what the files are called."""
    folders = sorted((config["INSTANCE_FOLDER"] / JOBS).glob(f"*/{ORDER}"))
    jobs = (Job(path.parent) for path in folders)
    return {job.folder: [str(file["name"]) for file in job.asked.files] for job in jobs}
