"""The adjusting entries of an undo: one on each claim and cost type that the import moved."""

from typing import Any

from sqlalchemy import case, func, insert, literal, select, tuple_, update

from flaskr.book.periods import note_first_posting
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.import_records.models import Import
from flaskr.imports.undo.queries import amounts_by_type, entries_of_import, has_amounts
from flaskr.values.calendar import local_day


def next_entry() -> int:
    """Return the id that the next ledger entry gets; the ledger is locked."""
    from flaskr.archive.bulk.loading import next_id

    return next_id(_driver_connection(), LedgerEntry.__tablename__)


def _move_entries(last_id: int) -> None:
    """Make further entries get ids after the last one."""
    from flaskr.archive.bulk.loading import move_sequence

    move_sequence(_driver_connection(), LedgerEntry.__tablename__, last_id)


def _driver_connection() -> Any:
    """Return the driver's own connection, in the session's transaction."""
    return db.session.connection().connection.driver_connection


def reverse_entries(record: Import, undo: Import) -> None:
    """Post an adjusting entry on each claim and cost type that the import moved.

    Each reverses the import's sums there, and refers to the last of its entries there. The claims
    are updated.
    """
    if not undo.entries:
        return
    moved = _moved_amounts(record)
    last = LedgerEntry
    in_order = (moved.c.claim_id, moved.c.cost_type)
    position = func.row_number().over(order_by=in_order)
    columns: dict[str, Any] = {
        "id": position + ((undo.first_entry or 0) - 1),
        "claim_id": moved.c.claim_id,
        "entry_type": literal(EntryType.ADJUSTMENT.value),
        "cost_type": moved.c.cost_type,
        "transaction_date": literal(local_day(undo.recorded_at)),
        "recorded_at": literal(undo.recorded_at, Import.recorded_at.type),
        "recorded_by": literal(undo.recorded_by),
        **{name: -moved.c[name] for name in BALANCES},
        **{
            f"{name}_after": getattr(last, f"{name}_after") - moved.c[f"{name}_so_far"]
            for name in BALANCES
        },
        "status_after": last.status_after,
        "closed_date_after": last.closed_date_after,
        "reason_code": literal(ReasonCode.IMPORT_UNDONE.value),
        "reverses": moved.c.last_id,
        "import_id": literal(undo.id),
    }
    rows = (
        select(*columns.values())
        .join_from(moved, last, last.id == moved.c.last_of_claim)
        .where(has_amounts(moved))
        .order_by(*in_order)
    )
    db.session.execute(insert(LedgerEntry).from_select(list(columns), rows))
    _move_entries((undo.first_entry or 0) + undo.entries - 1)
    note_first_posting(undo.recorded_at)
    _update_claims(undo)


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


def _update_claims(undo: Import) -> None:
    """Set the claims that an undo moved to the balances after its last entry on each."""
    last_day, day = Claim.last_transaction_date, LedgerEntry.transaction_date
    state = {name: getattr(LedgerEntry, f"{name}_after") for name in BALANCES}
    state |= {
        "last_transaction_date": case((last_day > day, last_day), else_=day),
        "last_recorded_at": LedgerEntry.recorded_at,
    }
    of_undo = entries_of_import(undo)
    values = (
        select(*state.values())
        .where(LedgerEntry.claim_id == Claim.id, of_undo)
        .order_by(LedgerEntry.id.desc())
        .limit(1)
        .correlate(Claim)
    )
    changed = Claim.id.in_(select(LedgerEntry.claim_id).where(of_undo))
    target = tuple_(*(getattr(Claim, name) for name in state))
    db.session.execute(
        update(Claim).where(changed).values({target: values.scalar_subquery()}),
        execution_options={"synchronize_session": False},
    )
