"""What an archive reads of the book, and what must hold in one that was loaded."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, Select, cast, func, or_, select
from sqlalchemy.sql.expression import ColumnElement

from flaskr.archive.tables import TABLES, kept_columns
from flaskr.claims.ledger.check import wrong_claims, wrong_entries, wrong_reversals
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import Base
from flaskr.import_records.models import Import
from flaskr.policies.models import Policy, PolicyRevision

_SOURCED = (Policy, PolicyRevision, Claim, ClaimRevision, LedgerEntry)


def table_rows(name: str) -> Select[Any]:
    """Select the rows of a table in the order of their key, flags as 0 and 1."""
    table = Base.metadata.tables[name]
    columns: list[Any] = [_plain(column) for column in kept_columns(table)]
    rows: Select[Any] = select(*columns)
    return rows.order_by(*table.primary_key.columns)


def _plain(column: Any) -> ColumnElement[Any]:
    """Return a column as both databases hand it to Arrow alike."""
    return cast(column, Integer).label(column.name) if isinstance(column.type, Boolean) else column


def table_totals(name: str) -> Select[Any]:
    """Select the number of a table's rows and its amounts together, in öre."""
    table = Base.metadata.tables[name]
    sums: list[Any] = [_sum_of(table.c[amount]) for amount in TABLES[name]]
    totals: Select[Any] = select(func.count().label("rows"), *sums)
    return totals.select_from(table)


def _sum_of(amount: Any) -> Any:
    """Return the sum of a column as whole öre, 0 of no rows."""
    sum_ = func.coalesce(func.sum(cast(amount, BigInteger)), 0)
    return cast(sum_, BigInteger).label(amount.name)


def rules_to_hold() -> dict[str, Select[Any]]:
    """Return selects that find nothing in a sound book, each with what it means if one does."""
    return {
        "a ledger entry does not follow from the entries before it": wrong_entries(),
        "a ledger entry is not the opposite of the entry it reverses": wrong_reversals(),
        "what a claim stores differs from its ledger": wrong_claims(),
        "a ledger entry is older than its claim or the report of the loss": _early_entries(),
        "a revision of a claim is out of order": _wrong_revisions(ClaimRevision, Claim),
        "a revision of a policy is out of order": _wrong_revisions(PolicyRevision, Policy),
        "a row names an import that does not exist": _unknown_imports(),
    }


def counted(rule: Select[Any]) -> Select[Any]:
    """Select how many rows break a rule.

    Not the first one that does: looking for one only, PostgreSQL takes the claims one by one, and
    reads the ledger for each.
    """
    rows: Select[Any] = select(func.count())
    return rows.select_from(rule.order_by(None).subquery())


def _early_entries() -> Select[Any]:
    """Select the ids of entries recorded before their claim, or dated before it was reported."""
    reported = func.coalesce(Claim.reported_date, Claim.loss_date)
    is_early = or_(
        LedgerEntry.recorded_at < Claim.recorded_at, LedgerEntry.transaction_date < reported
    )
    return select(LedgerEntry.id).join(Claim, LedgerEntry.claim_id == Claim.id).where(is_early)


def _wrong_revisions(revision: Any, owner: Any) -> Select[Any]:
    """Select the ids of revisions on which the clock goes back, or that are before their owner."""
    owner_id = revision.__table__.c[f"{owner.__name__.lower()}_id"]
    before = func.lag(revision.replaced_at).over(partition_by=owner_id, order_by=revision.id)
    kept = select(
        revision.id, revision.replaced_at, owner_id.label("owner_id"), before.label("before")
    ).subquery()
    is_wrong = or_(kept.c.replaced_at < kept.c.before, kept.c.replaced_at < owner.recorded_at)
    return select(kept.c.id).join(owner, owner.id == kept.c.owner_id).where(is_wrong)


def _unknown_imports() -> Select[Any]:
    """Select the ids of imports that rows name and that are not there: no foreign key does it."""
    first, *others = (select(model.import_id) for model in _SOURCED)
    named = first.union(*others).subquery().c
    return select(named.import_id).where(
        named.import_id.is_not(None), named.import_id.not_in(select(Import.id))
    )
