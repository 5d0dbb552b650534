"""Load an archive into an empty book in one transaction; runs in the isolated process."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa

from flaskr.archive.bulk.connections import (
    book_transaction,
    placeholder,
    stored_instant,
    take_ledger_lock,
)
from flaskr.archive.bulk.events import insert_event
from flaskr.archive.bulk.loading import insert_rows, move_sequence, next_id
from flaskr.archive.bulk.tables import TableRows
from flaskr.archive.manifest import MANIFEST, ArchiveError, Manifest
from flaskr.archive.reading import Archive, open_archive
from flaskr.archive.row_checks import RowChecks
from flaskr.archive.stored_rows import database_rows
from flaskr.archive.tables import ArchiveTable
from flaskr.archive.tasks import LoadArchiveTask, LoadedArchive
from flaskr.audit.services import BOOK
from flaskr.book.periods import check_not_live
from flaskr.book.sealing.chain import broken_seals
from flaskr.book.sealing.queries import EMPTY_BOOK, SealName
from flaskr.processes.isolation import Report
from flaskr.values.calendar import utc_now
from flaskr.values.money import from_ore

_NOT_EMPTY = "An archive can only be loaded into an empty book, and this one already has rows."


def load_archive(report: Report, task: LoadArchiveTask) -> LoadedArchive:
    """Load all rows and check the book; reports (rows loaded, rows in all).

    Raises ArchiveError, with nothing written, if the archive is wrong or the book is not empty.
    """
    with (
        open_archive(task) as archive,
        book_transaction(task.address, task.revision) as book,
        _explain_database_refusals(),
    ):
        _lock_empty_book(book, task)
        _load_tables(book, archive, task, report)
        _set_first_posting(book, archive.manifest)
        book.execute("ANALYZE")  # otherwise the checks would be planned for empty tables
        _check_totals(book, archive.manifest, task)
        for meaning, rule in task.rules.items():
            if book.execute(rule).fetchone() != (0,):
                raise ArchiveError(f"The archive is not consistent: {meaning}.")
        _check_seals(book, task)
        for table in task.tables:
            if table.key == "id" and (last := next_id(book, table.name) - 1):
                move_sequence(book, table.name, last)
        loaded = _loaded_facts(archive.manifest)
        counts = {name: getattr(loaded, name) for name in ("policies", "claims", "entries")}
        after = {"file": task.path.name, **counts, **loaded.totals}
        insert_event(book, task.event, subject=BOOK, recorded_at=utc_now(), after=after)
        return loaded


def _check_seals(book: Any, task: LoadArchiveTask) -> None:
    """Raise ArchiveError unless the seals fit the rows, and the last one is what is expected."""
    if problem := next(broken_seals(book), None):
        raise ArchiveError(f"The archive is not consistent: {problem}.")
    if task.expected_seal is None:
        return
    row = book.execute("SELECT id, digest FROM seals ORDER BY id DESC LIMIT 1").fetchone()
    last = SealName(*row) if row else EMPTY_BOOK
    if last != task.expected_seal:
        raise ArchiveError(f"The last seal of the archive is {last}, not the one expected.")


def _lock_empty_book(book: Any, task: LoadArchiveTask) -> None:
    """Lock out all other writers until commit; raises ArchiveError if there are rows."""
    take_ledger_lock(book)
    check_not_live("archive", book)
    names = [table.name for table in task.tables]
    if isinstance(book, psycopg.Connection):
        book.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE".encode())
    for name in names:
        if book.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None:  # noqa: S608
            raise ArchiveError(_NOT_EMPTY)


def _load_tables(book: Any, archive: Archive, task: LoadArchiveTask, report: Report) -> None:
    """Insert the rows of all tables; raises ArchiveError for a row that is not valid."""
    members = archive.manifest.members
    in_all = sum(member.rows for member in members.values())
    done = 0
    reached: dict[str, int] = {}

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        report((done, in_all))

    for table in task.tables:
        checks = RowChecks(table, task.today, utc_now(), ZoneInfo(task.time_zone))
        rows = _checked_rows(archive, table, checks)
        insert_rows(book, TableRows(table.name, members[table.member].rows, rows), advance)
        reached |= checks.reached
    _check_counters(book, reached)


def _checked_rows(
    archive: Archive, table: ArchiveTable, checks: RowChecks
) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Return a function that yields a table's rows for the database, checked batch by batch."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in archive.batches(table):
            checks.check(batch)
            yield database_rows(batch, table)

    return batches


def _set_first_posting(book: Any, manifest: Manifest) -> None:
    """Give the book the instant of the archive's first posting; raises ArchiveError for another."""
    if (text := manifest.first_posted_at) is None:
        return
    try:
        first = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        first = None
    if first is None or first.isoformat() != text:
        raise ArchiveError(f"first_posted_at of {MANIFEST} is not an instant in UTC.")
    statement = f"UPDATE book SET first_posted_at = {placeholder(book)}"  # noqa: S608
    book.execute(statement, (stored_instant(book, first),))


def _check_counters(book: Any, reached: dict[str, int]) -> None:
    """Raise ArchiveError if a counter would allot a reference that exists already."""
    counters = dict(book.execute("SELECT name, value FROM counters").fetchall())
    if any(counters.get(name, 0) < number for name, number in reached.items()):
        raise ArchiveError(
            "The archive is not consistent: a counter is lower than the references it has given."
        )


def _check_totals(book: Any, manifest: Manifest, task: LoadArchiveTask) -> None:
    """Raise ArchiveError unless the totals in the database equal those in the manifest."""
    for table in task.tables:
        member = manifest.members[table.member]
        rows, *sums = book.execute(task.totals[table.name]).fetchone()
        totals = {name: str(from_ore(ore)) for name, ore in zip(table.totals, sums, strict=True)}
        if (rows, totals) != (member.rows, member.totals):
            raise ArchiveError(f"{table.name} does not add up to the totals in the manifest.")


@contextmanager
def _explain_database_refusals() -> Iterator[None]:
    """Turn the database's own refusals into ArchiveError."""
    try:
        yield
    except (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError) as error:
        raise ArchiveError(
            f"The archive breaks a rule of the book: {_first_line(error)}"
        ) from error
    except sqlite3.OperationalError as error:
        if "overflow" not in str(error):  # sums too large for SQLite
            raise
        raise ArchiveError("The archive's amounts are larger than a book can hold.") from error


def _first_line(error: Exception) -> str:
    """Return the first line of a database error, as a sentence."""
    return str(error).splitlines()[0].rstrip(".") + "."


def _loaded_facts(manifest: Manifest) -> LoadedArchive:
    """Return the facts of the loaded archive."""
    rows = {name: member.rows for name, member in manifest.members.items()}
    ledger = manifest.members["ledger_entries.parquet"]
    return LoadedArchive(
        policies=rows["policies.parquet"],
        claims=rows["claims.parquet"],
        entries=rows["ledger_entries.parquet"],
        totals={name: Decimal(amount) for name, amount in ledger.totals.items()},
    )
