"""The rules of the ledger that the database checks itself, on each row."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import CheckConstraint

from flaskr.claims.ledger.rules import RECOVERY_TYPES, REVERSAL_TYPES, SETTLED_STATUSES
from flaskr.facts.closed_lists import EntryType, Status
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
        "paid > 0 AND outstanding <= 0 AND outstanding >= -paid AND recovered = 0",
    ),
    "payment_reversal": ("'PAYMENT_REVERSAL'", "paid < 0 AND outstanding >= 0 AND recovered = 0"),
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
        f"{_RESERVE_ONLY} AND outstanding <= 0 AND paid_after = 0 AND status_after = 'declined'",
    ),
    "import_opening": ("'IMPORT_OPENING'", "paid >= 0 AND outstanding >= 0 AND recovered >= 0"),
}
_MAX = to_ore(LARGEST_ENTRY)
_SETTLED_RULE = (
    f"(status_after IN ({_sql_list(SETTLED_STATUSES)})"
    " AND outstanding_after = 0 AND closed_date_after IS NOT NULL)"
    f" OR (status_after NOT IN ({_sql_list(SETTLED_STATUSES)}) AND closed_date_after IS NULL)"
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
        "paid_after >= 0 AND outstanding_after >= 0"
        " AND recovered_after >= 0 AND recovered_after <= paid_after",
        name="balances",
    ),
    CheckConstraint(_SETTLED_RULE, name="settled"),
    CheckConstraint(
        f"(entry_type IN ({_sql_list(REVERSAL_TYPES)}) AND reverses IS NOT NULL)"
        " OR entry_type = 'ADJUSTMENT'"
        f" OR (entry_type NOT IN ({_sql_list(REVERSAL_TYPES)}) AND reverses IS NULL)",
        name="reverses",
    ),
    CheckConstraint("entry_type <> 'RESERVE_REOPEN' OR reason IS NOT NULL", name="reason"),
)

CLAIM_CHECKS = (
    CheckConstraint(f"status IN ({_sql_list(Status)})", name="status"),
    CheckConstraint("reported_date IS NULL OR loss_date <= reported_date", name="dates"),
    CheckConstraint(
        "paid >= 0 AND outstanding >= 0 AND recovered >= 0 AND recovered <= paid", name="balances"
    ),
    CheckConstraint(
        "(last_transaction_date IS NULL) = (last_recorded_at IS NULL)", name="last_entry"
    ),
)
