"""Loads a demo book into an empty book, completely or not at all."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date

from sqlalchemy import select, text

from flaskr.archive.bulk.loading import insert_rows, move_sequence
from flaskr.archive.bulk.sqlite import large_cache
from flaskr.audit.models import Action, Subject
from flaskr.audit.services import BOOK, record
from flaskr.book.periods import check_not_live
from flaskr.book.services import advance_counter
from flaskr.claims.models import Claim
from flaskr.database.transactions import lock_ledger
from flaskr.demo.filling.arrow_tables import RECORDED_BY, book_tables
from flaskr.demo.filling.book import DemoBook, make_book
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.values.calendar import today

_FIRST_UNTIL = date(1980, 1, 1)  # days are counted from 1970, and a book is eight years long


class _FillError(ClaimBookError):
    """A book that cannot be filled."""


def prepare_book(policies: int, claims: int, seed: int, until: date) -> DemoBook:
    """Make the demo book to load; raises _FillError for a book with rows, or an invalid `until`."""
    if not _FIRST_UNTIL <= until < today():
        raise _FillError(
            f"--until must be a date from {_FIRST_UNTIL} on and before today ({today()})."
        )
    _lock_empty_book()
    return make_book(policies, claims, seed, until)


def _lock_empty_book() -> None:
    """Keep all other writers out until commit; raises _FillError unless the book is empty."""
    lock_ledger()
    check_not_live("demo data")
    if db.engine.dialect.name == "postgresql":
        tables = "counters, policies, claims, ledger_entries"
        db.session.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
    if any(db.session.scalar(select(model.id).limit(1)) for model in (Policy, Claim)):
        raise _FillError("Only an empty book can be filled, and this one has policies or claims.")


def load_book(book: DemoBook, advance: Callable[[int], None]) -> None:
    """Load every row, raise the counters and update the database's statistics; no commit.

    `advance` is called with the number of rows of each batch.
    """
    connection = db.session.connection().connection.driver_connection
    is_sqlite = db.engine.dialect.name == "sqlite"
    with large_cache(connection) if is_sqlite else nullcontext():
        for table in book_tables(book):
            insert_rows(connection, table, advance)
            if table.count and table.name != "entry_texts":  # has its entries' ids
                move_sequence(connection, table.name, table.count)
    for name, number in book.counters().items():
        advance_counter(name, number)
    after = {
        "policies": len(book.policies.line),
        "claims": len(book.claims.line),
        "entries": book.entry_count,
    }
    record(Action.BOOK_FILLED, Subject.BOOK, BOOK, actor=RECORDED_BY, after=after)
    db.session.execute(text("ANALYZE"))
