"""A migration to the revision of a newer version, while the application of this one is running."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from flaskr.database.modes import transaction_mode
from flaskr.database.schema_revision import MIGRATION_LOCK, REVISION
from flaskr.extensions import db

MOVED = f"at revision 9999, and this process was made for revision {REVISION}"


@contextmanager
def unchecked_writing() -> Iterator[Connection]:
    """A transaction that writes whatever the revision is, as that of a migration."""
    db.session.remove()
    with transaction_mode("migrate"), db.engine.connect() as connection:
        with connection.begin():
            yield connection
        if connection.dialect.name == "sqlite":  # the pool keeps the connection
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def migrating() -> Iterator[Connection]:
    """A transaction like that of `flask db upgrade` of a newer version."""
    with unchecked_writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        yield connection
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def move(*statements: str) -> None:
    """Migrate with some statements."""
    with migrating() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def count(model) -> int:
    """The number of rows, whatever the revision is."""
    with transaction_mode("read"):
        counted = db.session.scalar(select(func.count()).select_from(model))
        db.session.remove()
    return counted
