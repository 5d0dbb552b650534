"""Count the refused requests of people who are not signed in, by the minute.

Anybody can send those, and the trail keeps every event forever. So a flood of them adds to a few
rows, which are deleted after some months.
"""

from collections import Counter
from datetime import datetime, timedelta
from threading import Lock

from flask import current_app
from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from flaskr.audit.models import RefusalCount
from flaskr.database.transactions import separate_write
from flaskr.values.calendar import utc_now

RETENTION = timedelta(days=90)

_MOST_UNCOUNTED = 1000  # rows in memory, if the database takes none for long

_Refusal = tuple[datetime, int, str]  # the columns of the table's key


class _Uncounted:
    """Refusals of this process that are not in the database yet."""

    def __init__(self) -> None:
        self.writing = Lock()
        self._lock = Lock()
        self._refusals: Counter[_Refusal] = Counter()

    def add(self, refusals: Counter[_Refusal]) -> None:
        """Add refusals, also those that could not be written."""
        with self._lock:
            for refusal, count in refusals.items():
                if refusal in self._refusals or len(self._refusals) < _MOST_UNCOUNTED:
                    self._refusals[refusal] += count

    def take(self) -> Counter[_Refusal]:
        """Return all refusals, and forget them."""
        with self._lock:
            taken, self._refusals = self._refusals, Counter()
        return taken


def count_refusal(page: str, status: int, patience: float) -> None:
    """Count a refused request; `page` must be one of few, so that the rows of a minute are few.

    `patience` is in seconds: how long to wait for other writers. What cannot be written by then is
    counted with the next refusal. Raises what the database raises.
    """
    uncounted = current_app.extensions.setdefault("uncounted_refusals", _Uncounted())
    minute = utc_now().replace(second=0, microsecond=0)
    uncounted.add(Counter([(minute, status, page)]))
    if not uncounted.writing.acquire(timeout=patience):
        return
    try:
        if refusals := uncounted.take():
            _write(uncounted, refusals, patience)
    finally:
        uncounted.writing.release()


def _write(uncounted: _Uncounted, refusals: Counter[_Refusal], patience: float) -> None:
    """Add refusals to their rows, or put them back if the database refuses."""
    is_written = False
    try:
        with separate_write(patience) as connection:
            _sweep(connection)
            for refusal in sorted(refusals):  # in one order, so that no two writers deadlock
                _add(connection, refusal, refusals[refusal])
        is_written = True
    finally:
        if not is_written:
            uncounted.add(refusals)


def _sweep(connection: Connection) -> None:
    """Delete the counts of old minutes."""
    connection.execute(delete(RefusalCount).where(RefusalCount.minute < utc_now() - RETENTION))


def _add(connection: Connection, refusal: _Refusal, count: int) -> None:
    """Add to a row, or insert it."""
    minute, status, page = refusal
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new_row = insert(RefusalCount).values(minute=minute, status=status, page=page, count=count)
    summed = {"count": RefusalCount.count + new_row.excluded.count}
    key = [RefusalCount.minute, RefusalCount.status, RefusalCount.page]
    connection.execute(new_row.on_conflict_do_update(index_elements=key, set_=summed))
