"""The note of the last commit, in the file of the writers' queue beside the embedded book.

A copy of the book's file without its -wal has no sign that it lacks the latest commits. The note
has: it names the last seal and the trail's last event. It is written after each commit, by the
writer whose turn it is, so it may be behind the file, when its writer was killed, and never ahead.
"""

import os
import sqlite3
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flaskr.database.modes import current_mode

QUEUE_ENDING = "-writers"  # beside the database, like SQLite's own -wal and -shm
_NOTE_BYTES = 128
_LAST = """
    SELECT coalesce(seals.id, 0), coalesce(digest, '0'),
        (SELECT coalesce(max(id), 0) FROM audit_events)
    FROM (SELECT max(id) AS id FROM seals) AS last LEFT JOIN seals ON seals.id = last.id
"""


@dataclass(frozen=True)
class LastCommit:
    """The last seal of a book, and the last event of its trail; 0 for none."""

    seal_id: int
    digest: str
    event_id: int

    def __str__(self) -> str:
        """Return both as a person reads them."""
        seal = f"seal {self.seal_id}:{self.digest}" if self.seal_id else "no seal"
        return f"{seal} and event {self.event_id} of the trail"

    def is_before(self, other: "LastCommit") -> bool:
        """Whether the other has a later seal or event."""
        return self.seal_id < other.seal_id or self.event_id < other.event_id


def last_commit(connection: Any) -> LastCommit | None:
    """Return the last commit that a driver's connection sees; None without tables for it."""
    try:
        return LastCommit(*connection.execute(_LAST).fetchone())
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:  # such as a locked file
            raise
        return None  # there are no such tables


def leave_note(file: int, commit: LastCommit | None) -> None:
    """Write the note into the queue's open file, whose lock the caller holds; None empties it.

    Not synced to disk: after a power cut an older note is there. Only a migration may leave an
    earlier one than was there, or none: for all others the file of the book is not the one that
    the note is about.
    """
    with suppress(OSError):  # what was committed stays committed
        before = _parsed(os.pread(file, _NOTE_BYTES, 0))
        is_migration = current_mode.get() == "migrate"
        if commit is None:
            if is_migration:
                os.ftruncate(file, 0)
        elif commit != before and (is_migration or not (before and commit.is_before(before))):
            os.pwrite(file, _written(commit), 0)


def noted_commit(database: str | Path) -> LastCommit | None:
    """Return what the note beside a database says; None without one that can be read.

    Read it before the transaction that it is compared with: commits go on meanwhile.
    """
    try:
        with open(os.path.realpath(database) + QUEUE_ENDING, "rb") as file:
            return _parsed(file.read(_NOTE_BYTES))
    except OSError:
        return None


def _written(commit: LastCommit) -> bytes:
    """Return the note as a line of text, of one length for all."""
    text = f"{commit.seal_id}:{commit.digest} {commit.event_id}"
    return f"{text} {zlib.crc32(text.encode()):08x}".ljust(_NOTE_BYTES - 1).encode() + b"\n"


def _parsed(note: bytes) -> LastCommit | None:
    """Return what a note says; None if it was read while it was being written."""
    text, _, checksum = note.decode("ascii", "replace").rstrip().rpartition(" ")
    if f"{zlib.crc32(text.encode()):08x}" != checksum:
        return None
    seal, _, event_id = text.partition(" ")
    seal_id, _, digest = seal.partition(":")
    return LastCommit(int(seal_id), digest, int(event_id))
