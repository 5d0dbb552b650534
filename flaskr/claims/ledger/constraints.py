"""The rules of the ledger that the database checks itself, on each row."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import CheckConstraint

from flaskr.claims.ledger.rules import RECOVERY_TYPES, REVERSAL_TYPES, SETTLED_STATUSES
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode, Status
from flaskr.values.money import LARGEST_ENTRY, to_ore


def _sql_list(values: Iterable[StrEnum]) -> str:
    """Return the values as the inside of an SQL IN list."""
    return ", ".join(f"'{value.value}'" for value in values)


_RESERVE_ONLY = "paid = 0 AND recovered = 0"
_SIGN_RULES = {
    "reserve_open": (
        "'RESERVE_OPEN', 'RESERVE_REOPEN'",
        f"{_RESERVE_ONLY} AND outstanding >= 0",
    ),
    "reserve_change": ("'RESERVE_CHANGE'", _RESERVE_ONLY),
    "payment": (
        "'PAYMENT'",
        "paid > 0 AND recovered = 0"
        " AND (exceptions IS NOT NULL OR (outstanding <= 0 AND outstanding >= -paid))",
    ),
    "repayment": ("'REPAYMENT'", "paid < 0 AND outstanding = 0 AND recovered = 0"),
    # Also of a migrated payment, which may have moved the reserve in either direction.
    "payment_reversal": ("'PAYMENT_REVERSAL'", "paid < 0 AND recovered = 0"),
    "recovery": (_sql_list(RECOVERY_TYPES), "paid = 0 AND outstanding = 0 AND recovered > 0"),
    "recovery_reversal": (
        "'RECOVERY_REVERSAL'",
        "paid = 0 AND outstanding = 0 AND recovered < 0",
    ),
    "reserve_close": (
        "'RESERVE_CLOSE'",
        f"{_RESERVE_ONLY} AND outstanding <= 0 AND status_after = 'closed'",
    ),
    "claim_declined": (
        "'CLAIM_DECLINED'",
        f"{_RESERVE_ONLY} AND outstanding <= 0 AND status_after = 'declined'",
    ),
    "import_opening": ("'IMPORT_OPENING'", "paid >= 0 AND outstanding >= 0 AND recovered >= 0"),
}
_MAX = to_ore(LARGEST_ENTRY)
_SETTLED_RULE = (
    f"(status_after IN ({_sql_list(SETTLED_STATUSES)})"
    " AND outstanding_after = 0 AND closed_date_after IS NOT NULL)"
    f" OR (status_after NOT IN ({_sql_list(SETTLED_STATUSES)}) AND closed_date_after IS NULL)"
)

# The state by the booked clock, on all migrated entries of a claim or on none of them.
_BOOKED = ("paid_booked", "outstanding_booked", "recovered_booked", "status_booked")
_BOOKED_RULE = (
    f"({' AND '.join(f'{name} IS NULL' for name in (*_BOOKED, 'closed_date_booked'))})"
    f" OR (imported_at IS NOT NULL AND {' AND '.join(f'{name} IS NOT NULL' for name in _BOOKED)})"
)

LEDGER_CHECKS = (
    CheckConstraint(f"entry_type IN ({_sql_list(EntryType)})", name="entry_type"),
    CheckConstraint(f"status_after IN ({_sql_list(Status)})", name="status_after"),
    *(
        CheckConstraint(f"entry_type NOT IN ({types}) OR ({rule})", name=f"signs_{name}")
        for name, (types, rule) in _SIGN_RULES.items()
    ),
    CheckConstraint(
        f"paid BETWEEN -{_MAX} AND {_MAX} AND outstanding BETWEEN -{_MAX} AND {_MAX}"
        f" AND recovered BETWEEN -{_MAX} AND {_MAX}",
        name="largest_entry",
    ),
    CheckConstraint(
        "paid_after >= 0 AND outstanding_after >= 0 AND recovered_after >= 0", name="balances"
    ),
    CheckConstraint(_SETTLED_RULE, name="settled"),
    CheckConstraint(
        f"(entry_type IN ({_sql_list(REVERSAL_TYPES)}) AND reverses IS NOT NULL)"
        " OR entry_type = 'ADJUSTMENT'"
        f" OR (entry_type NOT IN ({_sql_list(REVERSAL_TYPES)}) AND reverses IS NULL)",
        name="reverses",
    ),
    CheckConstraint(f"cost_type IN ({_sql_list(CostType)})", name="cost_type"),
    CheckConstraint(
        f"reason_code IS NULL OR reason_code IN ({_sql_list(ReasonCode)})", name="reason_code"
    ),
    CheckConstraint("exceptions IS NULL OR imported_at IS NOT NULL", name="exceptions"),
    CheckConstraint(_BOOKED_RULE, name="booked"),
    CheckConstraint(
        f"status_booked IS NULL OR status_booked IN ({_sql_list(Status)})", name="status_booked"
    ),
)

CLAIM_CHECKS = (
    CheckConstraint(f"status IN ({_sql_list(Status)})", name="status"),
    CheckConstraint("reported_date IS NULL OR loss_date <= reported_date", name="dates"),
    CheckConstraint("paid >= 0 AND outstanding >= 0 AND recovered >= 0", name="balances"),
    CheckConstraint(
        "(last_transaction_date IS NULL) = (last_recorded_at IS NULL)"
        " AND (last_transaction_date IS NULL) = (first_transaction_date IS NULL)",
        name="last_entry",
    ),
    CheckConstraint("erased_at IS NULL OR description = ''", name="erased"),
)
