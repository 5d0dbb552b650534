"""What a file reads, compiled to SQL for a process that has no session."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Dialect, Select, String, cast, func, literal, select, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import CompoundSelect

from flaskr.claims.models import Claim
from flaskr.claims.queries import watermark_select
from flaskr.columns import MoneyType
from flaskr.policies.models import Policy

Rows = Select[*tuple[Any, ...]]
Statement = Rows | CompoundSelect[*tuple[Any, ...]]

# The isolated process speaks neither psycopg nor its %s: $1 is PostgreSQL's own.
LIBPQ: Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Sql:
    """One compiled statement and its parameters; `has_typed_row`: its first row is no row."""

    text: str
    parameters: tuple[Any, ...] = ()
    has_typed_row: bool = False


@dataclass(frozen=True)
class ClaimsSql:
    """Everything that a file of claims reads, in the order of reading."""

    watermark: Sql
    policies: Sql
    claims: Sql
    totals: Sql


def exported_claims() -> Rows:
    """Select what a file needs of each claim, by id: the order they were recorded in.

    The policy's columns and the coverage are not joined here: taking them by position from
    `exported_policies` costs a fraction of the database's join.
    """
    return select(
        Claim.id,
        Claim.policy_id,
        Claim.claim_reference,
        Claim.cause,
        Claim.status,
        Claim.loss_date,
        Claim.reported_date,
        Claim.closed_date,
        Claim.paid,
        Claim.outstanding,
        Claim.recovered,
        Claim.description,
    ).order_by(Claim.id)


def exported_policies() -> Rows:
    """Select what a file needs of each policy, by id."""
    return select(
        Policy.id,
        Policy.policy_number,
        Policy.line_of_business,
        Policy.inception_date,
        Policy.expiry_date,
        Policy.cancelled_on,
    ).order_by(Policy.id)


def control_totals() -> Rows:
    """Select the number of claims and their balances together, in öre, as the database adds up."""
    sums = {
        "paid": Claim.paid,
        "outstanding": Claim.outstanding,
        "claim_cost": Claim.claim_cost,
        "recovered": Claim.recovered,
    }
    added = (cast(func.coalesce(func.sum(s), 0), BigInteger).label(n) for n, s in sums.items())
    return select(func.count().label("rows"), *added).select_from(Claim)


def claims_sql(dialect: Dialect) -> ClaimsSql:
    """Compile what a file of claims reads, for the book's database."""
    return ClaimsSql(
        watermark=compiled(watermark_select(), dialect),
        policies=compiled_rows(exported_policies(), dialect),
        claims=compiled_rows(exported_claims(), dialect),
        totals=compiled(control_totals(), dialect),
    )


def compiled_rows(rows: Rows, dialect: Dialect) -> Sql:
    """Compile a select of many rows in the order of their first column, a positive key.

    ADBC's SQLite driver takes each column's type from the first rows, and makes numbers of one that
    is NULL throughout them; a cast does not help. So a typed row goes in front, to be dropped.
    """
    if dialect.name != "sqlite":
        return compiled(rows, dialect)
    key, *others = rows.selected_columns
    types = [literal(-1).label(key.name), *(first_value(column) for column in others)]
    with_types = union_all(select(*types), rows.order_by(None)).order_by(key.name)
    return replace(compiled(with_types, dialect), has_typed_row=True)


def first_value(column: Any) -> Any:
    """Return what stands for a column's type; SQLite's days are text."""
    is_number = isinstance(column.type, MoneyType) or column.type.python_type is int
    return (literal(0) if is_number else literal("", String)).label(column.name)


def compiled(statement: Statement, dialect: Dialect) -> Sql:
    """Compile for ADBC: with bound parameters on SQLite, on PostgreSQL with SQLAlchemy's literals.

    Given parameters, ADBC's PostgreSQL driver cannot use COPY and fetches all rows as one batch.
    """
    if dialect.name != "sqlite":
        written = statement.compile(dialect=LIBPQ, compile_kwargs={"literal_binds": True})
        return Sql(written.string)
    bound = statement.compile(dialect=dialect)
    values = bound.construct_params()
    parameters = []
    for name in bound.positiontup or ():
        process = bound.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        parameters.append(process(values[name]) if process else values[name])
    return Sql(bound.string, tuple(parameters))
