"""What is the matter with a database or a disk, from the error of any driver.

Pages, /healthz, commands and isolated processes all ask `failure_of`, and say the same. An error
that it does not know is an error in ClaimBook, or a refusal of a statement by the database's rules.
"""

import sqlite3
from enum import Enum
from errno import EACCES, EDQUOT, EFBIG, EIO, EMFILE, ENFILE, ENOSPC, EPERM, EROFS

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flaskr.errors import BusyError, ClaimBookError, DatabaseUnavailable, DiskFull

# What a database raises; some work uses the drivers' own connections.
DATABASE_ERRORS = (DBAPIError, PoolTimeout, sqlite3.Error, psycopg.Error)
IN_READ_WORK = "This was to be written by work that only reads."  # a note on the driver's error

_AGAIN = "Please try again in a moment."
_OPERATOR = "Whoever runs the book"


class Failure(Enum):
    """A kind of failure: the word of /healthz, and a sentence without the driver's words."""

    UNREACHABLE = "unreachable", f"The database does not answer. {_AGAIN}"
    STOPPING = "starting or stopping", f"The database is starting or stopping. {_AGAIN}"
    NO_CONNECTIONS = "out of connections", f"The database has no free connection. {_AGAIN}"
    BUSY = "busy", f"The database is busy with other work. {_AGAIN}"
    READ_ONLY = (
        "read-only",
        "The database can only be read at the moment, so nothing was saved. "
        f"{_OPERATOR} has to make it writable again.",
    )
    FULL = (
        "full",
        f"The database's disk is full, so nothing was saved. {_OPERATOR} has to free some space.",
    )
    OUT_OF_MEMORY = "out of memory", f"The database is out of memory. {_AGAIN}"
    REFUSED = (
        "not allowed",
        f"The database does not let the book in. {_OPERATOR} has to check DATABASE_URL.",
    )
    NOT_GRANTED = (
        "not allowed",
        f"The database does not let the book do this. {_OPERATOR} has to grant its role what "
        "docs/operating.md lists.",
    )
    NOT_OPENED = (
        "not readable",
        f"The book's file cannot be opened. {_OPERATOR} has to check the file, its folder and "
        "their permissions.",
    )
    DISK_ERROR = "disk error", f"The database's disk has an error. {_OPERATOR} has to check it."
    DAMAGED = (
        "damaged",
        f"The database is damaged. {_OPERATOR} has to restore it from a backup.",
    )
    DISK_FULL = (
        "full",
        f"The disk is full, and nothing was done. {_OPERATOR} can free space: delete kept exports, "
        "or put INSTANCE_FOLDER on a larger disk.",
    )
    FOLDER = (
        "not writable",
        f"The book cannot write to its folder, and nothing was done. {_OPERATOR} has to check the "
        "permissions of INSTANCE_FOLDER.",
    )
    FILES = "busy", f"The book has too many files open. {_AGAIN}"

    def __init__(self, word: str, sentence: str) -> None:
        """Name the two parts."""
        self.word = word
        self.sentence = sentence

    def error(self) -> ClaimBookError:
        """Return what to raise for it."""
        return _ERRORS.get(self, DatabaseUnavailable)(self.sentence)


_ERRORS: dict[Failure, type[ClaimBookError]] = {
    Failure.BUSY: BusyError,
    Failure.NO_CONNECTIONS: BusyError,
    Failure.FILES: BusyError,
    Failure.DISK_FULL: DiskFull,
}
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: Failure.BUSY,
    sqlite3.SQLITE_LOCKED: Failure.BUSY,
    sqlite3.SQLITE_PROTOCOL: Failure.BUSY,
    sqlite3.SQLITE_INTERRUPT: Failure.BUSY,
    sqlite3.SQLITE_READONLY: Failure.READ_ONLY,
    sqlite3.SQLITE_FULL: Failure.FULL,
    sqlite3.SQLITE_NOMEM: Failure.OUT_OF_MEMORY,
    sqlite3.SQLITE_CANTOPEN: Failure.NOT_OPENED,
    sqlite3.SQLITE_PERM: Failure.NOT_OPENED,
    sqlite3.SQLITE_IOERR: Failure.DISK_ERROR,
    sqlite3.SQLITE_CORRUPT: Failure.DAMAGED,
    sqlite3.SQLITE_NOTADB: Failure.DAMAGED,
}
# The first that a SQLSTATE begins with; two characters are a class of them.
_BY_SQLSTATE = {
    "25006": Failure.READ_ONLY,
    "53100": Failure.FULL,
    "53200": Failure.OUT_OF_MEMORY,
    "53300": Failure.NO_CONNECTIONS,
    "53": Failure.BUSY,  # another resource
    "57014": Failure.BUSY,  # a statement that was cancelled, or reached its time limit
    "57P04": Failure.REFUSED,  # the database was dropped
    "57P05": Failure.UNREACHABLE,
    "57P": Failure.STOPPING,
    "25P": Failure.BUSY,  # a transaction that reached a time limit
    "55P03": Failure.BUSY,  # a lock that was not to be had in time
    "55006": Failure.BUSY,
    "40": Failure.BUSY,  # a deadlock, or a conflict of a replica with its primary
    "42501": Failure.NOT_GRANTED,
    "28": Failure.REFUSED,
    "3D": Failure.REFUSED,
    "58": Failure.DISK_ERROR,
    "XX001": Failure.DAMAGED,
    "XX002": Failure.DAMAGED,
    "08": Failure.UNREACHABLE,
}
# While connecting, libpq passes no SQLSTATE on; a server in another language is "unreachable".
_BY_WORDS = {
    "not currently accepting connections": Failure.UNREACHABLE,  # of one database
    "remaining connection slots": Failure.NO_CONNECTIONS,
    "too many c": Failure.NO_CONNECTIONS,  # "clients already", "connections for role"
    "no more connections allowed": Failure.NO_CONNECTIONS,  # PgBouncer
    "query_wait_timeout": Failure.NO_CONNECTIONS,
    "the database system is": Failure.STOPPING,
    "terminating connection": Failure.STOPPING,
    "could not write to file": Failure.FULL,
    "no space left": Failure.FULL,
    "read-only transaction": Failure.READ_ONLY,
    "permission denied": Failure.NOT_GRANTED,
    "password": Failure.REFUSED,
    "authentication failed": Failure.REFUSED,
    "pg_hba.conf": Failure.REFUSED,
    "is not permitted to log in": Failure.REFUSED,
    "fatal:  role": Failure.REFUSED,
    "fatal:  database": Failure.REFUSED,
}
# ADBC's driver for SQLite passes only words on.
_BY_SQLITE_WORDS = {
    "disk image is malformed": Failure.DAMAGED,
    "file is not a database": Failure.DAMAGED,
    "is locked": Failure.BUSY,
    "disk i/o error": Failure.DISK_ERROR,
    "disk is full": Failure.FULL,
    "unable to open": Failure.NOT_OPENED,
    "failed to open 'file:": Failure.NOT_OPENED,
}
_BY_ERRNO = {
    ENOSPC: Failure.DISK_FULL,
    EDQUOT: Failure.DISK_FULL,
    EFBIG: Failure.DISK_FULL,
    EIO: Failure.DISK_ERROR,
    EROFS: Failure.FOLDER,
    EACCES: Failure.FOLDER,
    EPERM: Failure.FOLDER,
    EMFILE: Failure.FILES,
    ENFILE: Failure.FILES,
}


def failure_of(error: BaseException) -> Failure | None:
    """Return what is the matter, or None if the database is well and the statement was wrong.

    `error` is a driver's, SQLAlchemy's, or one of the operating system.
    """
    if isinstance(error, PoolTimeout):
        return Failure.NO_CONNECTIONS
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    if IN_READ_WORK in getattr(driver_error, "__notes__", ()):
        return None  # a mistake, whatever the database may be
    if isinstance(driver_error, sqlite3.Error):
        # SQLite has one class of error for mistakes too; the low byte is the primary code.
        return _BY_SQLITE_CODE.get(getattr(driver_error, "sqlite_errorcode", 0) & 0xFF)
    failure = _of_server(driver_error)
    if failure is None and isinstance(error, DBAPIError) and error.connection_invalidated:
        return Failure.UNREACHABLE
    return failure


def _of_server(error: BaseException | None) -> Failure | None:
    """Return the failure that PostgreSQL, a connection to it, or ADBC reports."""
    if sqlstate := getattr(error, "sqlstate", None):
        found = (kind for start, kind in _BY_SQLSTATE.items() if sqlstate.startswith(start))
        return next(found, None)
    text = str(error).lower()
    if "[sqlite]" in text or "failed to open 'file:" in text:
        return _by_words(_BY_SQLITE_WORDS, text)
    if "OperationalError" not in (base.__name__ for base in type(error).__mro__):
        return None
    return _by_words(_BY_WORDS, text) or Failure.UNREACHABLE


def _by_words(kinds: dict[str, Failure], text: str) -> Failure | None:
    """Return the first kind whose words are in a text."""
    return next((kind for words, kind in kinds.items() if words in text), None)
