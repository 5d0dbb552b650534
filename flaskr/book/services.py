"""Check that the database has the right book, and allot its next reference."""

from datetime import datetime

from flask import current_app
from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite

from flaskr.book.models import Book, Counter
from flaskr.database.modes import transaction_mode
from flaskr.database.schema import schema_error
from flaskr.errors import SchemaError, SettingsError
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
    stored = {"BOOK_CURRENCY": row.currency, "BOOK_TIME_ZONE": row.time_zone}
    for name, value in stored.items():
        if current_app.config[name] != value:
            raise SettingsError(
                f"This book was made with {name}={value}, and the setting says "
                f"{current_app.config[name]}. Set it to {value}."
            )


def require_book() -> None:
    """Raise unless the database answers, has this schema, and has a book of these settings.

    Pages and commands call it before they read or write anything.
    """
    if problem := schema_error():
        raise problem
    with transaction_mode("read"):
        check_book_settings()
        db.session.rollback()  # so that what follows does not continue in a read transaction


def allot_reference(prefix: str, recorded_at: datetime) -> str:
    """Return the next reference of a prefix, such as C-2026-000001; a rollback frees the number."""
    year = f"{prefix}-{local_day(recorded_at).year:04d}"
    return f"{year}-{advance_counter(year, None):06d}"


def advance_counter(name: str, at_least: int | None) -> int:
    """Advance a counter by one, or to `at_least`; return its value. It is locked until commit."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    new_row = insert(Counter).values(name=name, value=1 if at_least is None else at_least)
    old, new = Counter.value, new_row.excluded.value
    value = old + 1 if at_least is None else case((old > new, old), else_=new)
    statement = new_row.on_conflict_do_update(index_elements=[Counter.name], set_={"value": value})
    return db.session.execute(statement.returning(Counter.value)).scalar_one()
