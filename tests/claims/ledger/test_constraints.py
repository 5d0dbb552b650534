"""The database refuses what the services refuse: raw SQL violates each check once."""

from decimal import Decimal

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from flaskr.extensions import db
from tests.factories import make_claim, make_policy, pay, recover

pytestmark = pytest.mark.both_databases

# A payment of 10.00 on a claim with 1.00 recovered: each violation changes a few of its columns.
ENTRY = {
    "entry_type": "PAYMENT",
    "transaction_date": "2024-06-01",
    "recorded_at": "2026-01-01 00:00:00.000000",
    "recorded_by": "raw",
    "paid": 1000,
    "outstanding": 0,
    "recovered": 0,
    "paid_after": 2000,
    "outstanding_after": 0,
    "recovered_after": 100,
    "status_after": "open",
    "closed_date_after": None,
    "reverses": None,
}
NO_CHANGE = {"paid": 0, "outstanding": 0, "recovered": 0}
CLOSED = {"status_after": "closed", "closed_date_after": "2024-06-01"}
DECLINED = {**CLOSED, "status_after": "declined", "paid_after": 0, "recovered_after": 0}
LARGEST = 99_999_999_999_999


def entry(kind: str, **changes) -> dict:
    return {**ENTRY, **NO_CHANGE, "entry_type": kind, **changes}


IMPORTED = "2026-01-02 00:00:00.000000"
BOOKED = {
    "imported_at": IMPORTED,
    "paid_booked": -1,
    "outstanding_booked": 0,
    "recovered_booked": 0,
    "status_booked": "closed",
}
PAYMENT_REVERSED = {"paid": -1000, "reverses": "payment", "recovered_after": 0}
RECOVERY_REVERSED = {"recovered": -100, "reverses": "recovery", "recovered_after": 0}
ACCEPTED = [
    ENTRY,
    entry("RESERVE_OPEN"),
    entry("RESERVE_CHANGE", outstanding=-LARGEST),
    entry("PAYMENT_REVERSAL", **PAYMENT_REVERSED),
    entry("RECOVERY_SALVAGE", recovered=1),
    entry("RECOVERY_REVERSAL", **RECOVERY_REVERSED),
    entry("RESERVE_CLOSE", **CLOSED),
    entry("CLAIM_DECLINED", **DECLINED),
    entry("CLAIM_DECLINED", **DECLINED | {"paid_after": 1}),  # expense
    entry("RESERVE_REOPEN"),
    entry("IMPORT_OPENING", paid=1, outstanding=1, recovered=1),
    entry("ADJUSTMENT", paid=-1),
    entry("REPAYMENT", paid=-1, cost_type="expense", reason_code="wrong_amount"),
    entry("PAYMENT", paid=1, outstanding=5, imported_at=IMPORTED, exceptions="reserve status"),
    entry("ADJUSTMENT", **BOOKED),
    entry("ADJUSTMENT", recovered_after=2001),
    entry("ADJUSTMENT", reverses="payment"),
]
VIOLATIONS = [
    ("entry_type", entry("PAYOUT")),
    ("status_after", entry("RESERVE_CHANGE", status_after="pending")),
    ("signs_reserve_open", entry("RESERVE_OPEN", outstanding=-1)),
    ("signs_reserve_open", entry("RESERVE_OPEN", paid=1)),
    ("signs_reserve_open", entry("RESERVE_REOPEN", recovered=1)),
    ("signs_reserve_open", entry("RESERVE_REOPEN", outstanding=-1)),
    ("signs_reserve_change", entry("RESERVE_CHANGE", paid=1)),
    ("signs_reserve_change", entry("RESERVE_CHANGE", recovered=1)),
    ("signs_payment", entry("PAYMENT")),
    ("signs_payment", entry("PAYMENT", paid=-1)),
    ("signs_payment", entry("PAYMENT", paid=1, outstanding=1)),
    ("signs_payment", entry("PAYMENT", paid=1, outstanding=-2)),
    ("signs_payment", entry("PAYMENT", paid=1, recovered=1)),
    ("signs_payment_reversal", entry("PAYMENT_REVERSAL", **PAYMENT_REVERSED | {"paid": 1})),
    ("signs_payment_reversal", entry("PAYMENT_REVERSAL", **PAYMENT_REVERSED, recovered=-1)),
    *(
        ("signs_recovery", entry(f"RECOVERY_{kind}", **deltas))
        for kind in ("SUBROGATION", "SALVAGE", "DEDUCTIBLE")
        for deltas in ({}, {"recovered": -1}, {"recovered": 1, "paid": 1})
    ),
    ("signs_recovery", entry("RECOVERY_SALVAGE", recovered=1, outstanding=1)),
    ("signs_recovery_reversal", entry("RECOVERY_REVERSAL", **RECOVERY_REVERSED | {"recovered": 1})),
    ("signs_recovery_reversal", entry("RECOVERY_REVERSAL", **RECOVERY_REVERSED, paid=1)),
    ("signs_recovery_reversal", entry("RECOVERY_REVERSAL", **RECOVERY_REVERSED, outstanding=1)),
    ("signs_reserve_close", entry("RESERVE_CLOSE", **CLOSED, outstanding=1)),
    ("signs_reserve_close", entry("RESERVE_CLOSE", **CLOSED, paid=1)),
    ("signs_reserve_close", entry("RESERVE_CLOSE")),
    ("signs_claim_declined", entry("CLAIM_DECLINED", **DECLINED, outstanding=1)),
    ("signs_claim_declined", entry("CLAIM_DECLINED", **DECLINED | {"status_after": "closed"})),
    ("signs_import_opening", entry("IMPORT_OPENING", paid=-1)),
    ("signs_import_opening", entry("IMPORT_OPENING", outstanding=-1)),
    ("signs_import_opening", entry("IMPORT_OPENING", recovered=-1)),
    ("largest_entry", entry("ADJUSTMENT", paid=LARGEST + 1)),
    ("largest_entry", entry("ADJUSTMENT", outstanding=-LARGEST - 1)),
    ("largest_entry", entry("ADJUSTMENT", recovered=LARGEST + 1)),
    ("balances", entry("ADJUSTMENT", paid_after=-1, recovered_after=-1)),
    ("balances", entry("ADJUSTMENT", outstanding_after=-1)),
    ("balances", entry("ADJUSTMENT", recovered_after=-1)),
    ("settled", entry("RESERVE_CLOSE", **CLOSED | {"closed_date_after": None})),
    ("settled", entry("RESERVE_CLOSE", **CLOSED, outstanding_after=1)),
    ("settled", entry("ADJUSTMENT", closed_date_after="2024-06-01")),
    ("reverses", entry("PAYMENT_REVERSAL", **PAYMENT_REVERSED | {"reverses": None})),
    ("reverses", entry("RECOVERY_REVERSAL", **RECOVERY_REVERSED | {"reverses": None})),
    ("reverses", entry("RESERVE_CHANGE", reverses="payment")),
    ("signs_repayment", entry("REPAYMENT", paid=1)),
    ("signs_repayment", entry("REPAYMENT", paid=-1, outstanding=1)),
    ("signs_repayment", entry("REPAYMENT", paid=-1, recovered=-1)),
    ("cost_type", entry("ADJUSTMENT", cost_type="tax")),
    ("reason_code", entry("ADJUSTMENT", reason_code="because")),
    ("exceptions", entry("ADJUSTMENT", exceptions="status")),
    ("booked", entry("ADJUSTMENT", **{**BOOKED, "imported_at": None})),
    ("booked", entry("ADJUSTMENT", **{**BOOKED, "paid_booked": None})),
    ("booked", entry("ADJUSTMENT", **{**BOOKED, "status_booked": None})),
    ("booked", entry("ADJUSTMENT", imported_at=IMPORTED, closed_date_booked="2024-06-01")),
    ("status_booked", entry("ADJUSTMENT", **{**BOOKED, "status_booked": "pending"})),
]


@pytest.fixture
def posted(rolled_back):
    """The ids of a claim, and of a payment and a recovery on it."""
    claim = make_claim(policy=make_policy(sum_insured=Decimal(1), policy_number="H-raw"))
    return {"claim": claim.id, "payment": pay(claim, "10").id, "recovery": recover(claim, "1").id}


def insert_entry(session, posted, row) -> None:
    named = {**row, "claim_id": posted["claim"], "reverses": posted.get(row["reverses"])}
    columns, values = ", ".join(named), ", ".join(f":{name}" for name in named)
    session.execute(text(f"INSERT INTO ledger_entries ({columns}) VALUES ({values})"), named)


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: row["entry_type"])
def test_the_database_accepts_a_valid(rolled_back, posted, row):
    insert_entry(rolled_back, posted, row)


@pytest.mark.parametrize(("check", "row"), VIOLATIONS, ids=lambda value: str(value)[:30])
def test_the_database_refuses_an_entry_against(rolled_back, posted, check, row):
    with pytest.raises(DBAPIError, match=f"ck_ledger_entries_{check}\\b"):
        insert_entry(rolled_back, posted, row)


UPDATES = [
    ("claims", "status", "status = 'pending'"),
    ("claims", "dates", "loss_date = '2024-03-03'"),
    ("claims", "balances", "paid = -1, recovered = -1"),
    ("claims", "balances", "outstanding = -1"),
    ("claims", "balances", "recovered = -1"),
    ("policies", "period", "inception_date = expiry_date"),
    ("policies", "amounts", "premium = -1"),
    ("policies", "amounts", "deductible = -1"),
    ("claims", "last_entry", "last_transaction_date = NULL"),
    ("claims", "last_entry", "last_recorded_at = NULL"),
    ("claims", "last_entry", "first_transaction_date = NULL"),
    ("policies", "sum_insured", "sum_insured = -1"),
    ("policies", "cancelled_within_period", "cancelled_on = '2023-12-31'"),
    ("policies", "cancelled_within_period", "cancelled_on = expiry_date"),
    ("policies", "erased", "erased_at = '2026-01-01 00:00:00'"),
    ("claims", "erased", "erased_at = '2026-01-01 00:00:00', description = 'Said'"),
    ("book", "one_row", "id = 2"),
]


@pytest.mark.parametrize(("table", "check", "change"), UPDATES)
def test_the_database_refuses_a_change_against(rolled_back, posted, table, check, change):
    with pytest.raises(DBAPIError, match=f"ck_{table}_{check}\\b"):
        rolled_back.execute(text(f"UPDATE {table} SET {change}"))


def test_every_check_of_the_database_is_broken_by_a_test(rolled_back):
    broken = {f"ck_ledger_entries_{check}" for check, _ in VIOLATIONS}
    broken |= {f"ck_{table}_{check}" for table, check, _ in UPDATES}
    inspector = inspect(db.engine)

    own = ("book", "counters", "policies", "claims", "ledger_entries")
    checks = {c["name"] for table in own for c in inspector.get_check_constraints(table)}

    assert checks == broken


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM claims",
        "DELETE FROM policies",
        "UPDATE claims SET policy_id = 987654",
        "INSERT INTO policies SELECT * FROM policies",
        "UPDATE claims SET claim_reference_key = NULL",
    ],
)
def test_the_database_refuses_what_would_lose_a_row_or_its_name(rolled_back, posted, statement):
    with pytest.raises(DBAPIError, match="(?i)foreign key|unique|not.null"):
        rolled_back.execute(text(statement))


def test_an_entry_of_no_claim_or_reversing_none_is_refused(rolled_back, posted):
    unknown = {"claim": 987654, "payment": posted["payment"]}
    with pytest.raises(DBAPIError, match="(?i)foreign key"):
        insert_entry(rolled_back, unknown, ENTRY)


@pytest.mark.parametrize("kind", ["PAYMENT_REVERSAL", "ADJUSTMENT"])
def test_an_entry_is_reversed_once(rolled_back, posted, kind):
    insert_entry(rolled_back, posted, entry("PAYMENT_REVERSAL", **PAYMENT_REVERSED))

    with pytest.raises(DBAPIError, match="(?i)unique|append-only"):
        insert_entry(rolled_back, posted, entry(kind, **PAYMENT_REVERSED))
