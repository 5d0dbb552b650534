"""Loading a made-up book into an empty one, whole or not at all."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import text

from flaskr.book import raise_counter
from flaskr.calendar import today
from flaskr.claims.queries import watermark
from flaskr.database import lock_ledger
from flaskr.demo.arrow_tables import TableRows, book_tables
from flaskr.demo.load_postgresql import copy_table, move_sequence
from flaskr.demo.load_sqlite import insert_table, roomy_cache
from flaskr.demo.made_book import MadeBook, make_book
from flaskr.errors import ClaimBookError
from flaskr.extensions import db

FIRST_UNTIL = date(1980, 1, 1)  # days are counted from 1970, and a book is eight years long


class FillError(ClaimBookError):
    """A book that cannot be filled so."""


def prepared_book(policies: int, claims: int, seed: int, until: date) -> MadeBook:
    """Make up the book to load; raises FillError for a book that has rows, or an unfit day."""
    if not FIRST_UNTIL <= until < today():
        raise FillError(f"--until takes a day from {FIRST_UNTIL} on and before today ({today()}).")
    claim_empty_book()
    return make_book(policies, claims, seed, until)


def claim_empty_book() -> None:
    """Keep all other writers out until commit; raises FillError unless the book is empty."""
    lock_ledger()
    if db.engine.dialect.name == "postgresql":
        tables = "counters, policies, claims, ledger_entries"
        db.session.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
    if any(watermark()):
        raise FillError("Only an empty book can be filled, and this one has policies or claims.")


def load_book(book: MadeBook, advance: Callable[[int], None]) -> None:
    """Load every row, move the counters and let the database look at what it has; no commit.

    `advance` is called with the number of rows of each batch.
    """
    tables = book_tables(book)
    if db.engine.dialect.name == "postgresql":
        load_postgresql(tables, advance)
    else:
        load_sqlite(tables, advance)
    for name, reached in book.counters().items():
        raise_counter(name, reached)
    db.session.execute(text("ANALYZE"))


def load_sqlite(tables: list[TableRows], advance: Callable[[int], None]) -> None:
    """Load the tables through the session's own connection."""
    connection = db.session.connection().connection.driver_connection
    with roomy_cache(connection):
        for table in tables:
            insert_table(connection, table, advance)


def load_postgresql(tables: list[TableRows], advance: Callable[[int], None]) -> None:
    """Load the tables through the session's own connection, and move the sequences of ids."""
    connection = db.session.connection().connection.driver_connection
    for table in tables:
        copy_table(connection, table, advance)
        move_sequence(connection, table)
