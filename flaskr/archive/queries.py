"""The queries for writing an archive, and for checking a loaded one."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, Select, cast, func, select
from sqlalchemy.sql.expression import ColumnElement

from flaskr.archive.tables import TABLE_TOTALS, archived_columns
from flaskr.extensions import Base


def table_rows(name: str) -> Select[Any]:
    """Select the rows of a table in the order of the key, with booleans as 0 and 1."""
    table = Base.metadata.tables[name]
    columns: list[Any] = [_plain(column) for column in archived_columns(table)]
    rows: Select[Any] = select(*columns)
    return rows.order_by(*table.primary_key.columns)


def _plain(column: Any) -> ColumnElement[Any]:
    """Return a column with the same Arrow type on both databases."""
    return cast(column, Integer).label(column.name) if isinstance(column.type, Boolean) else column


def table_totals(name: str) -> Select[Any]:
    """Select the number of a table's rows and the sums of its amounts, in öre."""
    table = Base.metadata.tables[name]
    sums: list[Any] = [_sum_of(table.c[amount]) for amount in TABLE_TOTALS[name]]
    totals: Select[Any] = select(func.count().label("rows"), *sums)
    return totals.select_from(table)


def _sum_of(amount: Any) -> Any:
    """Return the sum of a column in öre; 0 if there are no rows."""
    sum_ = func.coalesce(func.sum(cast(amount, BigInteger)), 0)
    return cast(sum_, BigInteger).label(amount.name)


def count_of(rule: Select[Any]) -> Select[Any]:
    """Select how many rows violate a rule.

    To find only the first one, PostgreSQL would go through the claims one by one and read the
    ledger for each.
    """
    rows: Select[Any] = select(func.count())
    return rows.select_from(rule.order_by(None).subquery())
