"""The queue in which everybody who writes to the embedded book waits before BEGIN IMMEDIATE.

SQLite's busy handler sleeps up to 100 ms between two tries, so among many writers some wait for
seconds. The queue is an exclusive lock on a file beside the database, for which writers ask in the
order in which they came. What keeps them apart is still BEGIN IMMEDIATE, also from programs that do
not know the queue.

A writer that comes again at once may go first for a few milliseconds: its second transaction takes
half the time of its first, because the processor's caches still hold what it needs.
"""

import fcntl
import os
import sqlite3
import struct
import threading
import time

from flaskr.database.commit_note import QUEUE_ENDING, LastCommit, last_commit, leave_note
from flaskr.database.modes import current_mode

_RETRY_SECONDS = 0.002
_SKIPS_LINE_SECONDS = 0.01  # 8 writers, each for so long, are a cycle of less than 0.1 s
_FLOCK = "hhqqi0q"  # struct flock of Linux: type, whence, start, length, process
# (process, thread) of each turn of this process. The process tells a forked child that the turns
# in its copy of the list are its parent's.
_turns: list[tuple[int, int]] = []


def holds_turn() -> bool:
    """Whether this thread is in a writing transaction of the embedded book."""
    return _this_thread() in _turns


def _this_thread() -> tuple[int, int]:
    """Return the numbers of this process and thread."""
    return os.getpid(), threading.get_ident()


class _Turn:
    """The lock on the queue's file, from before BEGIN to the end of one transaction."""

    def __init__(self, path: str, skips_line: bool, deadline: float) -> None:
        """Wait for the lock; raises sqlite3.OperationalError when it is not free in time.

        The deadline is on the monotonic clock. `skips_line` is whether to try before others.
        """
        # Opened anew for each transaction: the lock is the open file's, so two threads, or a
        # process and its forked child, that share one open file would both hold it.
        self._file = _open_file(path)
        try:
            self.skipped_line = skips_line and self._try_lock()
            if not self.skipped_line:
                self._stand_in_line(deadline)
        except OSError as error:  # such as a network disk without locks
            os.close(self._file)
            raise _unusable(error) from error
        except BaseException:
            os.close(self._file)
            raise
        self._owner = _this_thread()
        _turns.append(self._owner)

    def _stand_in_line(self, deadline: float) -> None:
        """Lock the file once nobody who came before is waiting."""
        # The place in line is a lock on one byte, numbered by the clock that all processes share.
        place = time.monotonic_ns()
        self._lock_bytes(fcntl.F_OFD_SETLK, fcntl.F_RDLCK, place, 1)
        while not (self._is_first(place) and self._try_lock()):
            _sleep(deadline)
        self._lock_bytes(fcntl.F_OFD_SETLK, fcntl.F_UNLCK, place, 1)

    def _is_first(self, place: int) -> bool:
        """Whether nobody in line came before this place."""
        kind = self._lock_bytes(fcntl.F_OFD_GETLK, fcntl.F_WRLCK, 0, place)
        return kind == fcntl.F_UNLCK

    def _lock_bytes(self, command: int, kind: int, start: int, length: int) -> int:
        """Lock, unlock or ask about bytes of the file; return the kind of lock found."""
        asked = struct.pack(_FLOCK, kind, os.SEEK_SET, start, length, 0)
        return int(struct.unpack(_FLOCK, fcntl.fcntl(self._file, command, asked))[0])

    def _try_lock(self) -> bool:
        """Lock the file if it is free."""
        # A blocking flock has no time limit, and nothing can end it in a thread.
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def note(self, commit: LastCommit | None) -> None:
        """Leave a note of what was committed in this turn."""
        leave_note(self._file, commit)

    def end(self) -> None:
        """Let the next one in."""
        _turns.remove(self._owner)
        # Closing alone would leave the lock with a child forked meanwhile; unlocking in that child
        # would take it from this process.
        if self._owner[0] == os.getpid():
            fcntl.flock(self._file, fcntl.LOCK_UN)
        os.close(self._file)


def _sleep(deadline: float) -> None:
    """Sleep until the next try; raises "database is locked" at the deadline."""
    if time.monotonic() >= deadline:
        raise _error("database is locked", sqlite3.SQLITE_BUSY)
    time.sleep(_RETRY_SECONDS)


def _open_file(path: str) -> int:
    """Open the queue's file, which is never deleted: others may be waiting for the one deleted."""
    try:
        try:
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(error) from error
    if os.geteuid() == 0:  # a command run by root must not lock out the book's user
        owner = os.stat(path.removesuffix(QUEUE_ENDING))
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def _unusable(error: OSError) -> sqlite3.OperationalError:
    """Return the error for a queue's file that cannot be opened or locked."""
    return _error(f"the writers' queue is unusable: {error}", sqlite3.SQLITE_CANTOPEN)


def _error(message: str, code: int) -> sqlite3.OperationalError:
    """Return an error like SQLite's own, so that it is answered like those."""
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


class QueuedConnection(sqlite3.Connection):
    """A connection to the embedded book whose writing transactions wait in the queue.

    A turn ends with commit, rollback or close, and not in an event of SQLAlchemy: its `commit`
    comes before the commit, and its `rollback` not at all when a connection is dropped or
    invalidated, or when BEGIN fails. Its pool always calls `rollback` or `close`.
    """

    _turn: _Turn | None = None
    _skips_line_until = 0.0  # on the monotonic clock

    def begin_immediate(self) -> None:
        """Begin a writing transaction when it is this connection's turn.

        The connection's busy_timeout limits both waits together; after it "database is locked" is
        raised, a sqlite3.OperationalError.
        """
        limit = self._busy_timeout()
        deadline = time.monotonic() + limit / 1000
        self.wait_for_turn()
        try:
            left = max(0, int(1000 * (deadline - time.monotonic())))
            self.execute(f"PRAGMA busy_timeout={left}")
            self.execute("BEGIN IMMEDIATE")
        finally:
            self.execute(f"PRAGMA busy_timeout={limit}")
            self._end_turn_outside_transaction()

    def wait_for_turn(self) -> None:
        """Wait in the queue as long as the connection's busy_timeout allows, without beginning."""
        path = self.execute("PRAGMA database_list").fetchone()[2]  # absolute, links followed
        if not path or self._turn is not None:
            return
        asked_at = time.monotonic()
        deadline = asked_at + self._busy_timeout() / 1000
        self._turn = _Turn(path + QUEUE_ENDING, asked_at < self._skips_line_until, deadline)
        if not self._turn.skipped_line:
            self._skips_line_until = time.monotonic() + _SKIPS_LINE_SECONDS

    def _busy_timeout(self) -> int:
        """Return how long the connection waits for other writers, in milliseconds."""
        return int(self.execute("PRAGMA busy_timeout").fetchone()[0])

    def commit(self) -> None:
        """Commit, leave a note of it, then end the turn."""
        # Read before the commit, when its pages are still in the cache.
        last = last_commit(self) if self._turn and self.in_transaction else None
        try:
            if self._turn and current_mode.get() == "migrate":
                self._turn.note(None)  # it may go back to before seals, and be killed here
            super().commit()
            if self._turn and not self.in_transaction:
                self._turn.note(last)
        finally:
            self._end_turn_outside_transaction()

    def rollback(self) -> None:
        """Roll back, then end the turn."""
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        """Close, which rolls back, then end the turn."""
        try:
            super().close()
        finally:
            self._end_turn()

    def _end_turn_outside_transaction(self) -> None:
        """End the turn unless the transaction goes on, such as after a failed commit."""
        if not self.in_transaction:
            self._end_turn()

    def _end_turn(self) -> None:
        """End the turn, if there is one."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end()
