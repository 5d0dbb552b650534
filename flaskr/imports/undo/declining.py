"""Declines the claims that an undo leaves empty, so that none of them looks open."""

from typing import Any

from sqlalchemy import insert, literal, select

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, EntryType, Status
from flaskr.import_records.models import Import
from flaskr.imports.undo.adjusting import columns_of_undo
from flaskr.imports.undo.queries import claims_left_empty
from flaskr.values.calendar import local_day
from flaskr.values.column_types import MoneyType
from flaskr.values.money import ZERO


def decline_empty_claims(record: Import, undo: Import, first_id: int) -> None:
    """Decline the claims that are left empty, with entries of zero from an id on."""
    zero = literal(ZERO, MoneyType())
    columns: dict[str, Any] = {
        **columns_of_undo(undo, first_id, Claim.id),
        "claim_id": Claim.id,
        "entry_type": literal(EntryType.CLAIM_DECLINED.value),
        "cost_type": literal(CostType.INDEMNITY.value),
        **{f"{name}{end}": zero for name in BALANCES for end in ("", "_after")},
        "status_after": literal(Status.DECLINED.value),
        "closed_date_after": literal(local_day(undo.recorded_at)),
    }
    empty = Claim.id.in_(claims_left_empty(record))
    rows = select(*columns.values()).where(empty).order_by(Claim.id)
    db.session.execute(insert(LedgerEntry).from_select(list(columns), rows))
