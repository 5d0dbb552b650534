"""Posts the entries of an undo, and updates the claims."""

from typing import Any

from sqlalchemy import case, func, select, tuple_, update

from flaskr.book.periods import note_first_posting
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.imports.undo.adjusting import reverse_entries
from flaskr.imports.undo.declining import decline_empty_claims
from flaskr.imports.undo.queries import UndoSize, entries_of_import

_STATE = (*BALANCES, "status", "closed_date")


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


def post_undo(record: Import, undo: Import, size: UndoSize) -> None:
    """Reverse what an import posted, decline what is empty then, and update the claims."""
    if not undo.entries:
        return
    first = undo.first_entry or 0
    reverse_entries(record, undo)
    decline_empty_claims(record, undo, first + size.adjustments)
    _move_entries(first + undo.entries - 1)
    note_first_posting(undo.recorded_at)
    _update_claims(undo)


def _update_claims(undo: Import) -> None:
    """Set the claims that an undo moved to the state after its last entry on each."""
    first_day, last_day = Claim.first_transaction_date, Claim.last_transaction_date
    day = LedgerEntry.transaction_date
    state = {name: getattr(LedgerEntry, f"{name}_after") for name in _STATE}
    state |= {
        "first_transaction_date": func.coalesce(first_day, day),
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
