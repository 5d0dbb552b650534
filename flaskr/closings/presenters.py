"""Late bookings as rows of a table: what each is, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_FACTS
from flaskr.policies.models import POLICY_FACTS
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
    text = "; ".join(_facts_of(row._mapping))
    return LateBooking(row.reference, row.recorded_at, row.recorded_by, text)


def _facts_of(row: Any) -> Iterator[str]:
    """Yield what a late booking is: its day and amounts, or what an edit changed."""
    if "entry_type" in row:
        yield f"{label_of(row['entry_type'])} dated {row['day']}"
        yield from (f"{name} {format_money(row[name])}" for name in BALANCES if row[name])
    elif "premium" in row:
        yield f"inception {row['day']}"
        yield f"premium {format_money(row['premium'])}"
    elif "text_changed" in row:
        yield from _changes(row)
    else:
        yield f"{row['day_is']} {format_fact(row['day'])}"


def _changes(row: Any) -> Iterator[str]:
    """Yield what an edit changed; of a name or a description only that it did."""
    facts = CLAIM_FACTS if "before_loss_date" in row else POLICY_FACTS
    for name in facts:
        before, after = row[f"before_{name}"], row[f"after_{name}"]
        if before == after:
            continue
        if name == "policy_id":  # an id says nothing to a reader
            yield "policy"
        else:
            yield f"{label_of(name)} {format_fact(before)} → {format_fact(after)}"
    if row["text_changed"]:
        yield "description" if facts is CLAIM_FACTS else "policyholder"
