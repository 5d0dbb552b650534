"""Loads an archive into an empty book: in the isolated process, in one transaction."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa

from flaskr.archive.bulk.connections import lock_ledger, writing
from flaskr.archive.bulk.events import insert_event
from flaskr.archive.bulk.loading import insert_rows, move_sequence, next_id
from flaskr.archive.bulk.tables import TableRows
from flaskr.archive.manifest import ArchiveError, Manifest
from flaskr.archive.reading import Archive, opened_archive
from flaskr.archive.row_checks import RowChecks
from flaskr.archive.stored_rows import loadable
from flaskr.archive.tables import ArchiveTable
from flaskr.archive.tasks import ArchiveLoaded, LoadArchiveTask
from flaskr.audit.services import BOOK
from flaskr.isolation import Report
from flaskr.values.calendar import utc_now
from flaskr.values.money import from_ore

_NOT_EMPTY = "An archive can only be loaded into an empty book, and this one already has rows."


def load_archive(report: Report, order: LoadArchiveTask) -> ArchiveLoaded:
    """Load every row and prove the book sound; reports (rows loaded, rows in all).

    Raises ArchiveError, with nothing written, when the archive or the book is not as it must be.
    """
    with opened_archive(order) as archive, writing(order.address) as book, _told_rules():
        _claim_empty_book(book, order)
        _load_tables(book, archive, order, report)
        book.execute("ANALYZE")  # or the checks are planned for the empty tables that these were
        _check_totals(book, archive.manifest, order)
        for said, rule in order.rules.items():
            if book.execute(rule).fetchone() != (0,):
                raise ArchiveError(f"The archive is not consistent: {said}.")
        for table in order.tables:
            if table.key == "id" and (last := next_id(book, table.name) - 1):
                move_sequence(book, table.name, last)
        loaded = _loaded_facts(archive.manifest)
        counts = {name: getattr(loaded, name) for name in ("policies", "claims", "entries")}
        after = {"file": order.path.name, **counts, **loaded.totals}
        insert_event(book, order.event, subject=BOOK, recorded_at=utc_now(), after=after)
        return loaded


def _claim_empty_book(book: Any, order: LoadArchiveTask) -> None:
    """Keep all other writers out until commit; raises ArchiveError unless there are no rows."""
    lock_ledger(book)
    names = [table.name for table in order.tables]
    if isinstance(book, psycopg.Connection):
        book.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE".encode())
    for name in names:
        if book.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None:  # noqa: S608
            raise ArchiveError(_NOT_EMPTY)


def _load_tables(book: Any, archive: Archive, order: LoadArchiveTask, report: Report) -> None:
    """Insert the rows of all tables; raises ArchiveError for one that could not be the book's."""
    members = archive.manifest.members
    in_all = sum(member.rows for member in members.values())
    done = 0
    reached: dict[str, int] = {}

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        report((done, in_all))

    for table in order.tables:
        checks = RowChecks(table, order.today, utc_now())
        rows = _checked_rows(archive, table, checks)
        insert_rows(book, TableRows(table.name, members[table.member].rows, rows), advance)
        reached |= checks.reached
    _check_counters(book, reached)


def _checked_rows(
    archive: Archive, table: ArchiveTable, checks: RowChecks
) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Return a function that yields a table's rows for the database, each batch checked before."""

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in archive.batches(table):
            checks.check(batch)
            yield loadable(batch, table)

    return batches


def _check_counters(book: Any, reached: dict[str, int]) -> None:
    """Raise ArchiveError when a counter would give a reference that is there already."""
    counters = dict(book.execute("SELECT name, value FROM counters").fetchall())
    if any(counters.get(name, 0) < number for name, number in reached.items()):
        raise ArchiveError(
            "The archive is not consistent: a counter is lower than the references it has given."
        )


def _check_totals(book: Any, manifest: Manifest, order: LoadArchiveTask) -> None:
    """Raise ArchiveError unless the database adds up to what the manifest says."""
    for table in order.tables:
        said = manifest.members[table.member]
        rows, *sums = book.execute(order.totals[table.name]).fetchone()
        found = {name: str(from_ore(ore)) for name, ore in zip(table.totals, sums, strict=True)}
        if (rows, found) != (said.rows, said.totals):
            raise ArchiveError(f"{table.name} does not add up to the totals in the manifest.")


@contextmanager
def _told_rules() -> Iterator[None]:
    """Turn what the database itself refuses into a refusal of the archive."""
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
    """Return what a database says first, as a sentence."""
    return str(error).splitlines()[0].rstrip(".") + "."


def _loaded_facts(manifest: Manifest) -> ArchiveLoaded:
    """Return what was loaded."""
    rows = {name: member.rows for name, member in manifest.members.items()}
    ledger = manifest.members["ledger_entries.parquet"]
    return ArchiveLoaded(
        policies=rows["policies.parquet"],
        claims=rows["claims.parquet"],
        entries=rows["ledger_entries.parquet"],
        totals={name: Decimal(amount) for name, amount in ledger.totals.items()},
    )
