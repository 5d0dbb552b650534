"""Whether the embedded book's file lacks what was committed: a copy made without its -wal."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection

from flaskr.database.commit_note import QUEUE_ENDING, LastCommit, last_commit
from flaskr.errors import SchemaError
from flaskr.exit_codes import ExitCode
from flaskr.private_files import open_private
from flaskr.settings import BOOK_FILE

_logger = logging.getLogger(__name__)

MISSING_WAL = "missing_wal"  # in app.extensions: what was found at start
_DIGEST = "SELECT digest FROM seals WHERE id = ?"
_FORMAT_VERSIONS = slice(18, 20)  # of SQLite's header, one for writing and one for reading
_WAL_MODE = b"\x02\x02"
_COMPARE = (
    "Compare its last seal, which flask claims check prints, with one that you know. To copy a "
    "book, use VACUUM INTO, see docs/operating.md."
)


class LostCommits(SchemaError):
    """A book's file that lacks what its own folder says was committed."""

    exit_code = ExitCode.DIFFERENT
    elsewhere = (
        "The book's file lacks commits that were made here, so nothing is served or written. "
        "Whoever runs the book finds in the log what to do."
    )


def lost_commits(connection: Connection, noted: LastCommit) -> str:
    """Return what a file lacks of what was noted, and what to do; empty if it lacks nothing.

    The connection's transaction began after the note was read.
    """
    driver = connection.connection.driver_connection
    found = last_commit(driver) or LastCommit(0, "0", 0)
    if not found.is_before(noted) and _has_seal(driver, noted):
        return ""
    queue = f"{os.path.realpath(str(connection.engine.url.database))}{QUEUE_ENDING}"
    return (
        f"The book's file lacks commits: it ends with {found}, but {noted} were committed here. "
        "A file that is copied "
        "without its -wal, or put back from a backup, is like that; nothing is served or "
        "written. "
        f"Put back the file together with its -wal. If you want this older book, stop every "
        f"process of it, remove {queue}, and start it again."
    )


def _has_seal(connection: Any, noted: LastCommit) -> bool:
    """Whether the file has the seal that was noted."""
    row = connection.execute(_DIGEST, (noted.seal_id,)).fetchone() if noted.seal_id else None
    return not noted.seal_id or (row is not None and row[0] == noted.digest)


def warn_of_missing_wal(app: Flask) -> None:
    """Log a warning if the -wal of the embedded book may be missing, and keep it for the check.

    To be called before the first connection, which makes a -wal.
    """
    database = app.config["INSTANCE_FOLDER"] / BOOK_FILE
    app.extensions[MISSING_WAL] = warning = _missing_wal(database)
    if warning:
        _logger.warning("%s", warning)
    elif database.is_file():  # at its next start it has a header like that of a copy
        with suppress(OSError):
            open_private(Path(f"{os.path.realpath(database)}{QUEUE_ENDING}"), "a").close()


def _missing_wal(database: Path) -> str:
    """Return a sentence if a file's -wal may be missing; empty if there is no sign of it.

    A file that VACUUM INTO made needs
    none and says so in its header; one that was stopped cleanly has no -wal either, but its queue.
    """
    path = Path(os.path.realpath(database))
    try:
        with path.open("rb") as file:
            is_wal = file.read(20)[_FORMAT_VERSIONS] == _WAL_MODE
    except OSError:
        return ""
    wal, shm, queue = (
        path.with_name(path.name + ending) for ending in ("-wal", "-shm", QUEUE_ENDING)
    )
    if not is_wal or wal.exists():
        return ""
    if shm.exists():
        return (
            f"{wal} is missing, which was there when the book was last in use: its latest commits "
            f"may be lost. {_COMPARE}"
        )
    if not queue.exists():
        return (
            f"{path} was copied here without a -wal: if the book was running, its latest commits "
            f"may be missing. {_COMPARE}"
        )
    return ""
