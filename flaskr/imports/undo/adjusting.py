"""The adjusting entries of an undo: one on each claim and cost type that the import moved."""

from typing import Any

from sqlalchemy import func, insert, literal, select

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.import_records.models import Import
from flaskr.imports.undo.queries import amounts_by_type, has_amounts
from flaskr.values.calendar import local_day


def columns_of_undo(undo: Import, first_id: int, in_order: Any) -> dict[str, Any]:
    """Return the columns that all entries of an undo have; ids count from the first on."""
    return {
        "id": func.row_number().over(order_by=in_order) + (first_id - 1),
        "transaction_date": literal(local_day(undo.recorded_at)),
        "recorded_at": literal(undo.recorded_at, Import.recorded_at.type),
        "recorded_by": literal(undo.recorded_by),
        "reason_code": literal(ReasonCode.IMPORT_UNDONE.value),
        "import_id": literal(undo.id),
    }


def reverse_entries(record: Import, undo: Import) -> None:
    """Post an adjusting entry on each claim and cost type that the import moved.

    Each reverses the import's sums there, and refers to the last of its entries there.
    """
    moved = _moved_amounts(record)
    last = LedgerEntry
    in_order = (moved.c.claim_id, moved.c.cost_type)
    columns: dict[str, Any] = {
        **columns_of_undo(undo, undo.first_entry or 0, in_order),
        "claim_id": moved.c.claim_id,
        "entry_type": literal(EntryType.ADJUSTMENT.value),
        "cost_type": moved.c.cost_type,
        **{name: -moved.c[name] for name in BALANCES},
        **{
            f"{name}_after": getattr(last, f"{name}_after") - moved.c[f"{name}_so_far"]
            for name in BALANCES
        },
        "status_after": last.status_after,
        "closed_date_after": last.closed_date_after,
        "reverses": moved.c.last_id,
    }
    rows = (
        select(*columns.values())
        .join_from(moved, last, last.id == moved.c.last_of_claim)
        .where(has_amounts(moved))
        .order_by(*in_order)
    )
    db.session.execute(insert(LedgerEntry).from_select(list(columns), rows))


def _moved_amounts(record: Import) -> Any:
    """Return an import's sums by claim and cost type, with what stands of the claim after each.

    `last_of_claim` is the import's last entry on the claim, `<name>_so_far` the sum up to here of
    the claim's cost types in order.
    """
    moved = amounts_by_type(record).subquery()
    of_claim: Any = {"partition_by": moved.c.claim_id}
    so_far = (
        func.sum(moved.c[name]).over(**of_claim, order_by=moved.c.cost_type).label(f"{name}_so_far")
        for name in BALANCES
    )
    last = func.max(moved.c.last_id).over(**of_claim).label("last_of_claim")
    return select(*moved.c, last, *so_far).subquery()
