"""Run the migrations on the application's database, in one transaction."""

from alembic import context
from sqlalchemy import Connection, Enum

from flaskr.database import MIGRATION_LOCK, transaction_mode
from flaskr.errors import SchemaError
from flaskr.extensions import db
from flaskr.values.column_types import MoneyType, UtcDateTime


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Render our column types in a new migration as the database's types."""
    if kind == "type" and isinstance(item, MoneyType):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def check_references(connection: Connection) -> None:
    """Raise SchemaError if a SQLite migration left rows without their parent."""
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if lost:
        raise SchemaError(f"The migration would leave {len(lost)} rows without what they refer to.")


def run(connection: Connection) -> None:
    """Run the migrations that Alembic was called for."""
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=False,
    )
    context.run_migrations()
    if is_sqlite:
        check_references(connection)


# Foreign keys are off while SQLite's tables are rebuilt, and must be so before BEGIN: with them on,
# rebuilding a parent table deletes or refuses its children's rows.
try:
    with transaction_mode("migrate"), db.engine.begin() as migrating:
        run(migrating)
finally:
    db.engine.dispose()  # do not reuse the connection that has foreign keys off
