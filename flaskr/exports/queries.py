"""The queries that an exported file is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Dialect, case, cast, func, select

from flaskr.audit.filters import TrailFilter
from flaskr.audit.queries import trail_watermark
from flaskr.book.sealing.queries import SealName, watermark_select
from flaskr.book.sealing.since import Since
from flaskr.claims.as_at_queries import is_claim_included, movements_as_at
from flaskr.claims.filters import ClaimFilter
from flaskr.claims.ledger.filters import LedgerFilter
from flaskr.claims.models import Claim
from flaskr.claims.revisions.filters import RevisionFilter
from flaskr.claims.row_queries import with_balances_by_type
from flaskr.exports.sql_statements import Rows, Sql, compile_rows, compile_statement
from flaskr.facts.claim_columns import CLAIM_COLUMNS_BY_TYPE
from flaskr.facts.columns import Columns, total_names
from flaskr.policies.filters import PolicyFilter
from flaskr.policies.row_queries import policy_facts
from flaskr.values.as_at import Valuation

FileFilter = ClaimFilter | LedgerFilter | PolicyFilter | RevisionFilter | TrailFilter
_OF_POLICY = {"policy_number", "line_of_business", "coverage"}
_OF_CLAIM = {"claim_reference", "cause", "loss_date", "reported_date"} | _OF_POLICY


@dataclass(frozen=True)
class FileSql:
    """The statements for a file, in the order of running.

    `since` says whether the book contains the seal after which the rows are; None without one.
    Policies and claims are there only if a column is looked up in them.
    """

    watermark: Sql
    since: Sql | None
    policies: Sql | None
    claims: Sql | None
    rows: Sql
    totals: Sql


def file_sql(row_filter: FileFilter, columns: Columns, dialect: Dialect) -> FileSql:
    """Compile the statements for a file with these columns, for the book's database."""
    rows = _rows_of_file(row_filter, columns)
    key = rows.selected_columns.keys()[0]
    names = {key, *(column.hides or column.name for column in columns)}
    missing = names - set(rows.selected_columns.keys())
    policies, claims = _lookups(row_filter, missing)
    if claims is not None:
        names |= {"claim_id"}
    elif policies is not None:
        names |= {"policy_id", "loss_date"}
    if "recorded_date" in missing:
        names |= {"recorded_at"}
    read = [column for column in rows.selected_columns if column.name in names]
    sums = total_names(columns)
    return FileSql(
        watermark=compile_statement(watermark_of_file(row_filter), dialect),
        since=_contains_since(row_filter, dialect),
        policies=None if policies is None else compile_rows(policies, dialect),
        claims=None if claims is None else compile_rows(claims, dialect),
        rows=compile_rows(rows.with_only_columns(*read), dialect),
        totals=compile_statement(_control_totals(row_filter, rows, sums), dialect),
    )


def seal_since(row_filter: FileFilter) -> SealName | None:
    """Return the seal after which the rows of a file are; None without one."""
    since: Since | None = getattr(row_filter, "since", None)
    return since.seal if since else None


def _contains_since(row_filter: FileFilter, dialect: Dialect) -> Sql | None:
    """Compile the statement that says whether the book contains the seal of `since`."""
    if (seal := seal_since(row_filter)) is None:
        return None
    is_contained = case((seal.is_contained, 1), else_=0).label("is_contained")
    return compile_statement(select(is_contained), dialect)


def _rows_of_file(row_filter: FileFilter, columns: Columns) -> Rows:
    """Select the rows of a file; amounts by cost type are added up only if a column needs them."""
    rows = row_filter.rows()
    if isinstance(row_filter, ClaimFilter) and set(CLAIM_COLUMNS_BY_TYPE) & set(columns):
        return with_balances_by_type(rows, row_filter.valuation)
    return rows


def _lookups(row_filter: FileFilter, missing: set[str]) -> tuple[Rows | None, Rows | None]:
    """Select the policies and the claims that columns missing from the rows are looked up in."""
    if not isinstance(row_filter, LedgerFilter):
        return (policy_facts(row_filter.valuation) if missing & _OF_POLICY else None), None
    return (
        row_filter.policies() if missing & _OF_POLICY else None,
        row_filter.claims() if missing & _OF_CLAIM else None,
    )


def watermark_of_file(row_filter: FileFilter) -> Rows:
    """Select the watermark of what a file shows: the book or the trail."""
    return trail_watermark() if isinstance(row_filter, TrailFilter) else watermark_select()


def _control_totals(row_filter: FileFilter, rows: Rows, names: Sequence[str]) -> Rows:
    """Select the number of a file's rows and the sums of its amounts, computed by the database.

    For all claims as at a date they are the sums of the ledger's movements, while the file has the
    balances after them: two independent ways to the same totals.
    """
    if (
        names
        and isinstance(row_filter, ClaimFilter)
        and row_filter.valuation
        and not row_filter.filter_names
    ):
        return _ledger_totals(row_filter.valuation, names)
    if not names:  # a count alone does not determine the tables to select from
        return select(func.count().label("rows")).select_from(rows.order_by(None).subquery())
    columns = rows.selected_columns
    sums = (_sum_in_ore(columns[name]).label(name) for name in names)
    return rows.order_by(None).with_only_columns(func.count().label("rows"), *sums)


def _ledger_totals(valuation: Valuation, names: Sequence[str]) -> Rows:
    """Select the number of claims as at a date, and the sums of their ledger movements."""
    moved = movements_as_at(valuation.day, valuation.basis)
    count = (
        select(func.count())
        .select_from(Claim)
        .where(is_claim_included(valuation.day, valuation.basis))
    )
    sums = (_sum_in_ore(moved.selected_columns[name]).label(name) for name in names)
    return moved.with_only_columns(count.scalar_subquery().label("rows"), *sums)


def _sum_in_ore(amounts: Any) -> Any:
    """Return SQL for a sum of amounts in öre; zero if there are no rows."""
    return cast(func.coalesce(func.sum(amounts), 0), BigInteger)
