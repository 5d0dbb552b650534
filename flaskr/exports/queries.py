"""What a file reads of the book, in the order of reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Dialect, cast, func, select

from flaskr.audit.filters import TrailFilter
from flaskr.audit.queries import trail_watermark
from flaskr.claims.as_at_queries import is_claim_included, movements_as_at
from flaskr.claims.filters import ClaimFilter
from flaskr.claims.ledger.filters import LedgerFilter
from flaskr.claims.models import Claim
from flaskr.claims.queries import watermark_select
from flaskr.exports.statements import Rows, Sql, compiled, compiled_rows
from flaskr.facts.columns import Columns, total_names
from flaskr.policies.filters import PolicyFilter
from flaskr.policies.row_queries import policy_facts
from flaskr.values.as_at import Valuation

FileFilter = ClaimFilter | LedgerFilter | PolicyFilter | TrailFilter
_OF_POLICY = {"policy_number", "line_of_business", "coverage"}


@dataclass(frozen=True)
class FileSql:
    """Everything that a file reads; policies only where columns are taken from them."""

    watermark: Sql
    policies: Sql | None
    rows: Sql
    totals: Sql


def file_sql(wanted: FileFilter, columns: Columns, dialect: Dialect) -> FileSql:
    """Compile what a file with these columns reads, for the book's database."""
    rows = wanted.rows()
    key = rows.selected_columns.keys()[0]
    names = {key, *(column.hides or column.name for column in columns)}
    given = set(rows.selected_columns.keys())
    by_position = bool(names & _OF_POLICY - given)
    if by_position:
        names |= {"policy_id", "loss_date"}
    read = [column for column in rows.selected_columns if column.name in names]
    sums = total_names(columns)
    return FileSql(
        watermark=compiled(watermark_of(wanted), dialect),
        policies=compiled_rows(policy_facts(wanted.valuation), dialect) if by_position else None,
        rows=compiled_rows(rows.with_only_columns(*read), dialect),
        totals=compiled(_control_totals(wanted, rows, sums), dialect),
    )


def watermark_of(wanted: FileFilter) -> Rows:
    """Select how far that is which a file is of: the book, or the trail."""
    return trail_watermark() if isinstance(wanted, TrailFilter) else watermark_select()


def _control_totals(wanted: FileFilter, rows: Rows, names: Sequence[str]) -> Rows:
    """Select the number of a file's rows and its amounts together, as the database adds them up.

    Of all claims of a cut from the ledger's movements, while the file has the balances after them:
    the one proves the other.
    """
    if names and isinstance(wanted, ClaimFilter) and wanted.valuation and not wanted.filter_names:
        return _ledger_totals(wanted.valuation, names)
    if not names:  # the columns of a count would not tell which tables are counted
        return select(func.count().label("rows")).select_from(rows.order_by(None).subquery())
    columns = rows.selected_columns
    sums = (_whole(columns[name]).label(name) for name in names)
    return rows.order_by(None).with_only_columns(func.count().label("rows"), *sums)


def _ledger_totals(valuation: Valuation, names: Sequence[str]) -> Rows:
    """Select the number of claims in a cut and what the movements of its entries add up to."""
    moved = movements_as_at(valuation.day, valuation.basis)
    count = (
        select(func.count())
        .select_from(Claim)
        .where(is_claim_included(valuation.day, valuation.basis))
    )
    sums = (_whole(moved.selected_columns[name]).label(name) for name in names)
    return moved.with_only_columns(count.scalar_subquery().label("rows"), *sums)


def _whole(amounts: Any) -> Any:
    """Return SQL for the sum of amounts in öre; zero for none."""
    return cast(func.coalesce(func.sum(amounts), 0), BigInteger)
