"""What is asked of the book itself: whether it fits the settings, and its next reference."""

from datetime import datetime

from flask import current_app
from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from flaskr.book.models import Book, Counter
from flaskr.database import schema_problem, transaction_mode
from flaskr.errors import DatabaseUnavailable, SchemaError, SettingsError, is_unavailable
from flaskr.extensions import db
from flaskr.values.calendar import local_day


def check_book_settings() -> None:
    """Raise SettingsError when the book was made with another currency or time zone."""
    row = db.session.execute(select(Book.currency, Book.time_zone)).one_or_none()
    if row is None:
        raise SchemaError(
            "The database does not say which currency and time zone it has. Restore it from a "
            "backup."
        )
    wanted = {"BOOK_CURRENCY": row.currency, "BOOK_TIME_ZONE": row.time_zone}
    for name, made_with in wanted.items():
        if current_app.config[name] != made_with:
            raise SettingsError(
                f"This book was made with {name}={made_with}, and the setting says "
                f"{current_app.config[name]}. Set it to {made_with}."
            )


def require_book() -> None:
    """Raise unless the database answers, has the schema, and is the book that the settings say.

    Called before anything else is done: whoever pages or commands would write into must fit.
    """
    try:
        problem = schema_problem()
    except DBAPIError as error:
        if not is_unavailable(error):
            raise
        raise DatabaseUnavailable(f"The database does not answer: {error.orig}") from error
    if problem:
        raise SchemaError(problem)
    with transaction_mode("read"):
        check_book_settings()
        db.session.rollback()  # or the work would go on in a transaction that only reads


def allot_reference(prefix: str, recorded_at: datetime) -> str:
    """Return the next reference of a prefix, as C-2026-000001; a rollback gives the number back."""
    year = f"{prefix}-{local_day(recorded_at).year:04d}"
    return f"{year}-{advance_counter(year, None):06d}"


def advance_counter(name: str, at_least: int | None) -> int:
    """Raise a counter by one, or to `at_least`, and return it; it is locked until commit."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    made = insert(Counter).values(name=name, value=1 if at_least is None else at_least)
    old, new = Counter.value, made.excluded.value
    value = old + 1 if at_least is None else case((old > new, old), else_=new)
    raised = made.on_conflict_do_update(index_elements=[Counter.name], set_={"value": value})
    return db.session.execute(raised.returning(Counter.value)).scalar_one()
