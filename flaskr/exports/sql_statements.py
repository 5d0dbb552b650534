"""Compile selects to SQL text for the isolated process, which has no session."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Select, String, literal, select
from sqlalchemy.dialects import postgresql

from flaskr.values.column_types import MoneyType

Rows = Select[Any]

# The isolated process does not use psycopg and its %s placeholders.
LIBPQ: Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Sql:
    """One compiled statement; `has_typed_row`: the first row only gives types and is dropped."""

    text: str
    has_typed_row: bool = False


def compile_statement(statement: Rows, dialect: Dialect) -> Sql:
    """Compile a statement for ADBC with literal values.

    With parameters, ADBC's PostgreSQL driver cannot use COPY and fetches all rows as one batch.
    """
    compiler = dialect if dialect.name == "sqlite" else LIBPQ
    return Sql(statement.compile(dialect=compiler, compile_kwargs={"literal_binds": True}).string)


def compile_rows(rows: Rows, dialect: Dialect) -> Sql:
    """Compile a select of many rows in its order.

    ADBC's SQLite driver infers each column's type from the first rows, and uses numbers for a
    column that is NULL in all of them; a cast does not help. So a row of the right types comes
    first, and the reader drops it. LIMIT -1 keeps SQLite from flattening the subquery, which would
    lose the order.
    """
    if dialect.name != "sqlite":
        return compile_statement(rows, dialect)
    typed = compile_statement(select(*map(_typed_value, rows.selected_columns)), dialect)
    ordered = compile_statement(rows.limit(-1), dialect)
    both = f"{typed.text} UNION ALL SELECT * FROM ({ordered.text})"  # noqa: S608
    return Sql(both, has_typed_row=True)


def _typed_value(column: Any) -> Any:
    """Return a literal of a column's type; SQLite's dates and instants are text."""
    is_number = isinstance(column.type, MoneyType) or column.type.python_type is int
    return (literal(0) if is_number else literal("", String)).label(column.name)
