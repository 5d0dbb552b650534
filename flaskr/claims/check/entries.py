"""Selects of ledger entries that break a rule; none does in a consistent book."""

from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, not_, or_, select
from sqlalchemy.orm import aliased

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import (
    ALLOWED_STATUSES,
    FIRST_ENTRY_TYPES,
    OPEN_STATUSES,
    REVERSAL_TYPES,
    SETTLED_STATUSES,
    STATUS_AFTER,
)
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.facts.closed_lists import CostType, EntryException, EntryType, Status
from flaskr.values.column_types import MoneyType, closed_list
from flaskr.values.money import ZERO

_NEVER = literal(date.min)
_STATUS = closed_list(Status)
# Typed literals, and no is_distinct_from: checking an archive compiles these selects to text.
_OPEN, _NOTHING = literal(Status.OPEN, _STATUS), literal(ZERO, MoneyType())


def _entries_with_previous() -> Any:
    """Select every entry with what the entries before it on its claim lead to.

    `*_sum` is the running sum of the deltas, `*_of_type` that of the entry's cost type,
    `indemnity_paid` what is paid of indemnity, `*_before` the value on the entry recorded before,
    `last_day` the greatest transaction date of those before.
    """
    entry = LedgerEntry
    in_order: Any = {"partition_by": entry.claim_id, "order_by": entry.id}
    by_type: Any = {"partition_by": (entry.claim_id, entry.cost_type), "order_by": entry.id}
    indemnity = case((entry.cost_type == CostType.INDEMNITY, entry.paid), else_=_NOTHING)
    earlier: Any = {**in_order, "rows": (None, -1)}
    columns = {
        **{f"{name}_sum": func.sum(getattr(entry, name)).over(**in_order) for name in BALANCES},
        **{f"{name}_of_type": func.sum(getattr(entry, name)).over(**by_type) for name in BALANCES},
        "indemnity_paid": func.sum(indemnity).over(**in_order),
        "last_day": func.max(entry.transaction_date).over(**earlier),
        **{
            f"{name}_before": func.lag(getattr(entry, name)).over(**in_order)
            for name in ("recorded_at", "status_after", "closed_date_after")
        },
    }
    labelled = (column.label(name) for name, column in columns.items())
    return select(*entry.__table__.columns, *labelled).subquery()


def wrong_entries() -> Select[str, int]:
    """Select (claim_reference, id) of entries whose state does not follow from the previous ones.

    An entry is wrong too when it breaks a rule that its `exceptions` do not name.
    """
    entry = _entries_with_previous().c
    status_before = func.coalesce(entry.status_after_before, _OPEN)
    is_wrong = _has_wrong_state(entry, "after", status_before, entry.closed_date_after_before)
    is_wrong |= entry.recorded_at < entry.recorded_at_before
    is_wrong |= _is_forbidden(entry, status_before)
    return _named(entry, is_wrong)


def wrong_booked_entries() -> Select[str, int]:
    """Select (claim_reference, id) of entries whose state by the booked clock is wrong.

    It is stored on all migrated entries of a claim or on none, and only where transaction dates are
    not in the order of recording.
    """
    entry = LedgerEntry
    apart = select(entry.claim_id).where(entry.status_booked.is_not(None))
    in_order: Any = {
        "partition_by": entry.claim_id,
        "order_by": (entry.transaction_date, entry.id),
    }
    columns = {
        **{f"{name}_sum": func.sum(getattr(entry, name)).over(**in_order) for name in BALANCES},
        **{
            f"{name}_before": func.lag(getattr(entry, name)).over(**in_order)
            for name in ("status_booked", "closed_date_booked")
        },
    }
    labelled = (column.label(name) for name, column in columns.items())
    rows = select(*entry.__table__.columns, *labelled).where(entry.claim_id.in_(apart))
    found = rows.subquery().c
    is_apart = found.status_booked.is_not(None)
    is_migrated = found.imported_at.is_not(None)
    status_before = func.coalesce(found.status_booked_before, _OPEN)
    is_wrong = _has_wrong_state(found, "booked", status_before, found.closed_date_booked_before)
    return _named(found, or_(and_(is_apart, is_wrong), and_(is_migrated, not_(is_apart))))


def _named(entry: Any, is_wrong: Any) -> Select[str, int]:
    """Select (claim_reference, id) of the entries for which a condition holds."""
    return (
        select(Claim.claim_reference, entry.id)
        .join(Claim, entry.claim_id == Claim.id)
        .where(is_wrong)
        .order_by(entry.id)
    )


def _has_wrong_state(entry: Any, clock: str, status_before: Any, closed_before: Any) -> Any:
    """Return the condition that the state stored for a clock (`after`, `booked`) is wrong."""
    status_after = entry[f"status_{clock}"]
    status = case(
        *((entry.entry_type == kind, literal(to, _STATUS)) for kind, to in STATUS_AFTER.items()),
        else_=status_before,
    )
    closed_date = case(
        (status_after.not_in(SETTLED_STATUSES), None),
        (entry.entry_type.in_(STATUS_AFTER), entry.transaction_date),
        else_=closed_before,
    )
    stored = func.coalesce(entry[f"closed_date_{clock}"], _NEVER)
    is_wrong = or_(status_after != status, stored != func.coalesce(closed_date, _NEVER))
    for name in BALANCES:
        is_wrong |= entry[f"{name}_{clock}"] != entry[f"{name}_sum"]
    return is_wrong


def is_excused(entry: Any, exception: EntryException) -> Any:
    """Return the condition that an entry's `exceptions` name a rule."""
    names = literal(" ") + func.coalesce(entry.exceptions, "") + literal(" ")
    return names.like(f"% {exception} %")


def _is_forbidden(entry: Any, status_before: Any) -> Any:
    """Return the condition that the rules forbid an entry, and its exceptions do not name the rule.

    They do when the claim's status does not allow its type, when it can only be the first entry and
    is not, when a payment reduces the reserve of its cost type neither by its own amount nor to
    zero, when a claim with indemnity paid is declined, when a cost type goes below zero, and when
    its day is before that of an earlier entry.
    """
    needs_open = [kind for kind, allowed in ALLOWED_STATUSES.items() if allowed == OPEN_STATUSES]
    outstanding_before = entry.outstanding_of_type - entry.outstanding
    covered = case(
        (outstanding_before <= ZERO, _NOTHING),
        (outstanding_before < entry.paid, outstanding_before),
        else_=entry.paid,
    )
    below_zero = or_(
        *(and_(entry[f"{name}_of_type"] < ZERO, entry[name] < ZERO) for name in BALANCES)
    )
    broken = {
        EntryException.STATUS: or_(
            and_(entry.entry_type.in_(needs_open), status_before.in_(SETTLED_STATUSES)),
            and_(entry.entry_type == EntryType.RESERVE_REOPEN, status_before.in_(OPEN_STATUSES)),
        ),
        EntryException.NOT_FIRST: and_(
            entry.entry_type.in_(FIRST_ENTRY_TYPES), entry.status_after_before.is_not(None)
        ),
        EntryException.RESERVE: and_(
            entry.entry_type == EntryType.PAYMENT, entry.outstanding + covered != ZERO
        ),
        EntryException.DECLINED_PAID: and_(
            entry.entry_type == EntryType.CLAIM_DECLINED, entry.indemnity_paid != ZERO
        ),
        EntryException.BELOW_ZERO: below_zero,
        EntryException.OUT_OF_ORDER: entry.transaction_date < entry.last_day,
    }
    rules = (and_(rule, not_(is_excused(entry, name))) for name, rule in broken.items())
    is_unordered = and_(entry.transaction_date < entry.last_day, entry.status_booked.is_(None))
    return or_(is_unordered, *rules)


def wrong_reversals() -> Select[str, int]:
    """Select (claim_reference, id) of reversals that are not the exact opposite of their entry.

    A reversal of another claim's entry is wrong too.
    """
    reversed_entry = aliased(LedgerEntry)
    differs = LedgerEntry.claim_id != reversed_entry.claim_id
    for name in BALANCES:
        differs |= getattr(LedgerEntry, name) != -getattr(reversed_entry, name)
    return (
        select(Claim.claim_reference, LedgerEntry.id)
        .join(Claim, LedgerEntry.claim_id == Claim.id)
        .join(reversed_entry, LedgerEntry.reverses == reversed_entry.id)
        .where(LedgerEntry.entry_type.in_(REVERSAL_TYPES), differs)
        .order_by(LedgerEntry.id)
    )
