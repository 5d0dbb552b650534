"""Run the migrations on the application's database, in one transaction."""

import sys

import click
from alembic import context
from flask import current_app
from sqlalchemy import Connection, Enum, inspect
from sqlalchemy.engine.interfaces import ReflectedColumn

from flaskr.commands import explain_unavailable
from flaskr.database.commit_note import noted_commit
from flaskr.database.failures import Failure, failure_of
from flaskr.database.lost_commits import lost_commits
from flaskr.database.modes import transaction_mode
from flaskr.database.past_books import files_of_past_book, schemas_with_books
from flaskr.database.schema_revision import MIGRATION_LOCK, NEWER, REVISION, MigrationRefused
from flaskr.errors import BusyError
from flaskr.extensions import db
from flaskr.values.column_types import MoneyType, UtcDateTime

COMPUTED = (
    "first_posted_at",
    "first_transaction_date",
    "last_recorded_at",
    "last_transaction_date",
)
TEXTS_OF_0007 = ("payee", "payee_reference", "note")
# before connecting, which makes files too
LEFT_IN_FOLDER = files_of_past_book(current_app.config["INSTANCE_FOLDER"])


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
    """Raise MigrationRefused if a SQLite migration left rows without their parent."""
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if lost:
        raise MigrationRefused(
            f"The migration would leave {len(lost)} rows without what they refer to."
        )


def is_told(switch: str) -> bool:
    """Whether the command has -x <switch>=yes."""
    return context.get_x_argument(as_dictionary=True).get(switch) == "yes"


def confirm_new_book(connection: Connection) -> None:
    """Ask before making a book where one has been; raises MigrationRefused if nobody can be asked."""
    if context.get_context().get_current_heads() or is_told("new"):
        return
    if connection.dialect.name == "sqlite":
        places = [f"the instance folder has {name}" for name in LEFT_IN_FOLDER]
    else:
        places = [f"the schema {name} has a book" for name in schemas_with_books(connection)]
    if not places:
        return
    problem = f"There is no book here, but {', '.join(places)}."
    if sys.stdin and sys.stdin.isatty() and click.confirm(f"{problem} Make a new, empty book?"):
        return
    raise MigrationRefused(f"{problem} To make a new, empty book, run: flask db upgrade -x new=yes")


def refuse_older_file(connection: Connection) -> None:
    """Raise MigrationRefused for an embedded file that lacks what was committed in its folder."""
    if connection.dialect.name != "sqlite":
        return
    noted = noted_commit(str(connection.engine.url.database))
    if noted and (lost := lost_commits(connection, noted)):
        raise MigrationRefused(lost)


def is_computed(column: str) -> bool:
    """Whether an upgrade fills a column from the ledger again."""
    return column.endswith("_booked") or column in COMPUTED


def contents(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has, and how many values each "table.column".

    Computed columns have none, nor has one that is never null and the same in every row, because
    that is its default.
    """
    counts: dict[str, int] = {}
    for table, columns in columns_by_table(connection).items():
        texts = [f"NULLIF(CAST({quote(name)} AS VARCHAR), '')" for name in columns]
        sums = [f"count({text}), min({text}), max({text})" for text in texts]
        statement = f"SELECT count(*), {', '.join(sums)} FROM {quote(table)}"  # noqa: S608 - ours
        rows, *found = connection.exec_driver_sql(statement).one()
        counts[table] = rows
        for name, number, least, most in zip(columns, *[iter(found)] * 3, strict=True):
            is_default = number == rows and least == most and not columns[name]["nullable"]
            counts[f"{table}.{name}"] = 0 if is_default or is_computed(name) else number
    return counts


def quote(name: str) -> str:
    """Return a name for use in SQL."""
    return f'"{name}"'


def columns_by_table(connection: Connection) -> dict[str, dict[str, ReflectedColumn]]:
    """Return the columns of each table, by name."""
    inspector = inspect(connection)
    return {
        table: {column["name"]: column for column in inspector.get_columns(table)}
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def refuse_loss(connection: Connection, before: dict[str, int]) -> None:
    """Raise MigrationRefused if tables or columns that had contents are gone."""
    lost = []
    after = columns_by_table(connection)
    for name, number in sorted(before.items()):
        table, _, column = name.partition(".")
        if name == "entry_texts":  # its reasons move back into the ledger
            number = max(before[f"entry_texts.{text}"] for text in TEXTS_OF_0007)
        if table not in after and not column and number:
            lost.append(f"{name} ({number} row{'s' if number > 1 else ''})")
        if table in after and column and column not in after[table] and number:
            lost.append(f"{name} ({number} value{'s' if number > 1 else ''})")
    if lost:
        raise MigrationRefused(
            f"This downgrade would delete {', '.join(lost)}, so nothing was changed. Make a backup "
            "of the book, then add the switch that discards them: flask db downgrade -x discard=yes"
        )


def run(connection: Connection) -> None:
    """Run the migrations that Alembic was called for."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=False,
    )
    if max(context.get_context().get_current_heads(), default="") > REVISION:
        raise MigrationRefused(NEWER)  # Alembic knows no such revision
    called_for = context.get_context().opts["fn"].__name__  # the function of alembic.command
    refuse_older_file(connection)
    if called_for == "upgrade":
        confirm_new_book(connection)
    if connection.dialect.name == "postgresql":  # no writing transaction is left, and none begins
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    keeps_contents = called_for == "downgrade" and not is_told("discard")
    before = contents(connection) if keeps_contents else {}
    context.run_migrations()
    refuse_loss(connection, before)
    if connection.dialect.name == "sqlite":
        check_references(connection)


# Foreign keys are off while SQLite's tables are rebuilt, and must be so before BEGIN: with them on,
# rebuilding a parent table deletes or refuses its children's rows.
try:
    with explain_unavailable(), transaction_mode("migrate"), db.engine.begin() as migrating:
        run(migrating)
except BusyError as error:
    if failure_of(error.__cause__ or error) is not Failure.BUSY:
        raise
    raise BusyError(
        "The book is in use, perhaps by an import or an export that takes long, so nothing was "
        "changed. Try again when it is done."
    ) from error
finally:
    db.engine.dispose()  # do not reuse the connection that has foreign keys off
