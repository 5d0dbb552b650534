"""Selects compiled to SQL for a process that has no session."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Select, String, literal, select
from sqlalchemy.dialects import postgresql

from flaskr.values.column_types import MoneyType

Rows = Select[Any]

# The isolated process speaks neither psycopg nor its %s.
LIBPQ: Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Sql:
    """One compiled statement; `has_typed_row`: its first row is no row."""

    text: str
    has_typed_row: bool = False


def compiled(statement: Rows, dialect: Dialect) -> Sql:
    """Compile for ADBC, the values as SQLAlchemy writes literals.

    Given parameters, ADBC's PostgreSQL driver cannot use COPY and fetches all rows as one batch.
    """
    own = dialect if dialect.name == "sqlite" else LIBPQ
    return Sql(statement.compile(dialect=own, compile_kwargs={"literal_binds": True}).string)


def compiled_rows(rows: Rows, dialect: Dialect) -> Sql:
    """Compile a select of many rows in its order.

    ADBC's SQLite driver takes each column's type from the first rows, and makes numbers of one that
    is NULL throughout them; a cast does not help. So a typed row goes in front, to be dropped. The
    limit, which is none, keeps SQLite from taking the subquery apart, and so its order.
    """
    if dialect.name != "sqlite":
        return compiled(rows, dialect)
    typed = compiled(select(*map(_first_value, rows.selected_columns)), dialect)
    found = compiled(rows.limit(-1), dialect)
    both = f"{typed.text} UNION ALL SELECT * FROM ({found.text})"  # noqa: S608
    return Sql(both, has_typed_row=True)


def _first_value(column: Any) -> Any:
    """Return what stands for a column's type; SQLite's days and instants are text."""
    is_number = isinstance(column.type, MoneyType) or column.type.python_type is int
    return (literal(0) if is_number else literal("", String)).label(column.name)
