"""Whether the book is live, and which of its periods are closed."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import column, func, select, table, update

from flaskr.book.models import Book, Closing, LiveDeclaration
from flaskr.errors import ClaimBookError, LedgerError
from flaskr.extensions import db

NOT_LIVE = (
    "This book has entries and is not declared live, so a migration can still change its past. "
    "When everything is migrated, run: flask book live"
)


class LiveBook(ClaimBookError):
    """Something that only a book that is not live yet takes."""

    status = 409


def is_live() -> bool:
    """Whether the book was declared live: from then on it takes no migration and no archive."""
    return db.session.scalar(select(LiveDeclaration.id)) is not None


def needs_declaration() -> bool:
    """Whether the book has entries and is not declared live."""
    entries: Any = select(column("id")).select_from(table("ledger_entries"))
    needed = select(entries.exists() & ~select(LiveDeclaration.id).exists())
    return bool(db.session.scalar(needed))


def check_not_live(what: str, connection: Any = None) -> None:
    """Raise LiveBook in a live book, which does not take `what` any more.

    Where it decides about a write, the ledger is locked. `connection` is the driver's own, for
    work outside the session.
    """
    if connection is None:
        live = is_live()
    else:
        live = connection.execute("SELECT id FROM live_declarations").fetchone() is not None
    if live:
        raise LiveBook(f"This book was declared live, so it takes no {what} any more.")


def closed_through() -> date | None:
    """Return the last day of the closed periods; None if no period is closed."""
    db.session.flush()
    return db.session.connection().scalar(select(func.max(Closing.closed_through)))


def first_open_day() -> date | None:
    """Return the first day that an entry can be dated; None if no period is closed."""
    last = closed_through()
    return last + timedelta(days=1) if last else None


def open_day(day: date) -> date:
    """Return the day, or the first open day if it is in a closed period."""
    return max(day, first_open_day() or day)


def check_period(transaction_date: date) -> None:
    """Raise LedgerError for a day in a closed period; the ledger is locked."""
    first = first_open_day()
    if first and transaction_date < first:
        raise LedgerError(
            f"The books are closed through {first - timedelta(days=1)}. Date a late document on "
            f"{first}, the first open day, or later."
        )


def note_first_posting(recorded_at: datetime) -> None:
    """Keep the instant of the book's first entry that no migration or demo brought."""
    connection = db.session.connection()  # each posting comes here, and the session would flush
    if connection.scalar(select(Book.first_posted_at)) is None:
        connection.execute(update(Book).values(first_posted_at=recorded_at))
