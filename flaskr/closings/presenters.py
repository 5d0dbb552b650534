"""Late bookings as rows of a table: what each is, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flaskr.audit.presenters import Change
from flaskr.claims.history.presenters import edit_changes
from flaskr.claims.ledger.balances import BALANCES
from flaskr.values.money import format_money
from flaskr.web.template_filters import format_fact, label_of


@dataclass(frozen=True)
class LateBooking:
    """One late booking: the claim or policy, when and by whom it was recorded, and what it is."""

    reference: str
    recorded_at: datetime
    recorded_by: str
    text: str


def late_booking(row: Any) -> LateBooking:
    """Return a row of a listing of late bookings for a page or a command."""
    is_edit = "import_id" in row._mapping
    facts = map(_change_text, edit_changes(row)) if is_edit else _facts_of(row._mapping)
    text = "; ".join(facts) or "only texts of ledger entries erased"
    return LateBooking(row.reference, row.recorded_at, row.recorded_by, text)


def _facts_of(row: Any) -> Iterator[str]:
    """Yield what was recorded late: its day and amounts."""
    if "entry_type" in row:
        yield f"{label_of(row['entry_type'])} dated {row['day']}"
        yield from (f"{name} {format_money(row[name])}" for name in BALANCES if row[name])
    elif "premium" in row:
        yield f"inception {row['day']}"
        yield f"premium {format_money(row['premium'])}"
    else:
        yield f"{row['day_is']} {format_fact(row['day'])}"


def _change_text(change: Change) -> str:
    """Return what an edit changed as one line of text."""
    if change.is_value_hidden:
        return f"{change.name} changed"
    return f"{change.name} {change.before} → {change.after}"
