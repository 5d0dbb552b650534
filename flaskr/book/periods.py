"""Whether the book is live, and which of its periods are closed."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from flaskr.book.models import Book, Closing, LiveDeclaration
from flaskr.errors import LedgerError
from flaskr.extensions import db


def is_live() -> bool:
    """Whether the book was declared live: from then on it takes no migration and no archive."""
    return db.session.scalar(select(LiveDeclaration.id)) is not None


def closed_through() -> date | None:
    """Return the last day of the closed periods; None if no period is closed."""
    db.session.flush()
    return db.session.connection().scalar(select(func.max(Closing.closed_through)))


def first_open_day() -> date | None:
    """Return the first day that an entry can be dated; None if no period is closed."""
    last = closed_through()
    return last + timedelta(days=1) if last else None


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
