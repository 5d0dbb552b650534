"""The rules of each entry type, without a database."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.ledger.balances import Movement, payment_movement
from flaskr.claims.ledger.rules import State
from flaskr.errors import LedgerError, MoneyError
from flaskr.facts.closed_lists import CostType, EntryType, Status

INDEMNITY, EXPENSE = CostType
DAY = date(2024, 5, 1)
OPEN, REOPENED, CLOSED, DECLINED = Status
OPEN_STATUSES = {OPEN, REOPENED}
ANY = set(Status)
ALLOWED = {
    "RESERVE_OPEN": OPEN_STATUSES,
    "RESERVE_CHANGE": OPEN_STATUSES,
    "PAYMENT": OPEN_STATUSES,
    "PAYMENT_REVERSAL": OPEN_STATUSES,
    "REPAYMENT": ANY,
    "RECOVERY_SUBROGATION": ANY,
    "RECOVERY_SALVAGE": ANY,
    "RECOVERY_DEDUCTIBLE": ANY,
    "RECOVERY_REVERSAL": ANY,
    "RESERVE_CLOSE": OPEN_STATUSES,
    "CLAIM_DECLINED": OPEN_STATUSES,
    "RESERVE_REOPEN": {CLOSED, DECLINED},
    "IMPORT_OPENING": OPEN_STATUSES,
    "ADJUSTMENT": ANY,
}
AFTER = {
    "RESERVE_CLOSE": CLOSED,
    "CLAIM_DECLINED": DECLINED,
    "RESERVE_REOPEN": REOPENED,
}


def amounts(text: str) -> tuple[Decimal, Decimal, Decimal]:
    paid, outstanding, recovered = map(Decimal, text.split())
    return paid, outstanding, recovered


def movement(text: str) -> Movement:
    return Movement(*amounts(text))


def state(text: str, status: Status = OPEN) -> State:
    settled_on = DAY if status in (CLOSED, DECLINED) else None
    return State(*amounts(text), status, settled_on)


# entry type, balances before, valid deltas: paid, outstanding, recovered
VALID = [
    ("RESERVE_OPEN", "0 0 0", "0 100 0"),
    ("RESERVE_OPEN", "0 0 0", "0 0 0"),
    ("RESERVE_CHANGE", "0 100 0", "0 -100 0"),
    ("RESERVE_CHANGE", "0 100 0", "0 0.01 0"),
    ("RESERVE_CHANGE", "0 100 0", "0 0 0"),
    ("PAYMENT", "0 100 0", "40 -40 0"),
    ("PAYMENT", "0 100 0", "130.50 -100 0"),
    ("PAYMENT", "0 0 0", "0.01 0 0"),
    ("PAYMENT_REVERSAL", "130.50 0 0", "-130.50 100 0"),
    ("PAYMENT_REVERSAL", "10 5 0", "-10 0 0"),
    ("PAYMENT_REVERSAL", "10 0 1", "-10 0 0"),
    ("PAYMENT_REVERSAL", "10 5 0", "-10 -1 0"),  # of a migrated payment that raised the reserve
    ("REPAYMENT", "10 5 0", "-10 0 0"),
    ("REPAYMENT", "10 5 12", "-0.01 0 0"),
    ("RECOVERY_SUBROGATION", "10 5 0", "0 0 10"),
    ("RECOVERY_SUBROGATION", "10 5 0", "0 0 10.01"),
    ("RECOVERY_DEDUCTIBLE", "0 5 0", "0 0 3000"),
    ("RECOVERY_SALVAGE", "10 5 9.99", "0 0 0.01"),
    ("RECOVERY_DEDUCTIBLE", "10 0 0", "0 0 1"),
    ("RECOVERY_REVERSAL", "10 0 5", "0 0 -5"),
    ("RESERVE_CLOSE", "10 5 1", "0 -5 0"),
    ("RESERVE_CLOSE", "0 0 0", "0 0 0"),
    ("CLAIM_DECLINED", "0 5 0", "0 -5 0"),
    ("IMPORT_OPENING", "0 0 0", "10 5 10"),
    ("IMPORT_OPENING", "0 0 0", "1 0 2"),
    ("IMPORT_OPENING", "0 0 0", "0 0 0"),
    ("ADJUSTMENT", "10 5 1", "-9 -5 0"),
    ("ADJUSTMENT", "10 5 1", "1 1 1"),
]
INVALID = [
    ("RESERVE_OPEN", "0 0 0", "0 -1 0"),
    ("RESERVE_OPEN", "0 0 0", "1 0 0"),
    ("RESERVE_OPEN", "10 0 0", "0 1 1"),
    ("RESERVE_CHANGE", "0 100 0", "0 -100.01 0"),
    ("RESERVE_CHANGE", "5 100 0", "1 0 0"),
    ("RESERVE_CHANGE", "5 100 0", "0 0 1"),
    ("PAYMENT", "0 100 0", "0 0 0"),
    ("PAYMENT", "9 100 0", "-1 0 0"),
    ("PAYMENT", "0 100 0", "40 0 0"),
    ("PAYMENT", "0 100 0", "40 -41 0"),
    ("PAYMENT", "0 100 0", "40 -40 1"),
    ("PAYMENT_REVERSAL", "10 0 0", "10 0 0"),
    ("PAYMENT_REVERSAL", "10 0 0", "0 0 0"),
    ("PAYMENT_REVERSAL", "10 0 0", "-10.01 0 0"),
    ("PAYMENT_REVERSAL", "10 0 0", "-10 -1 0"),
    ("PAYMENT_REVERSAL", "10 0 1", "-10 0 -1"),
    ("REPAYMENT", "10 5 0", "-10.01 0 0"),
    ("REPAYMENT", "10 5 0", "0 0 0"),
    ("REPAYMENT", "10 5 0", "1 0 0"),
    ("REPAYMENT", "10 5 0", "-1 1 0"),
    ("REPAYMENT", "10 5 1", "-1 0 -1"),
    ("RECOVERY_SUBROGATION", "10 5 0", "0 0 0"),
    ("RECOVERY_SALVAGE", "10 5 5", "0 0 -1"),
    ("RECOVERY_DEDUCTIBLE", "10 5 5", "1 0 1"),
    ("RECOVERY_DEDUCTIBLE", "10 5 5", "0 1 1"),
    ("RECOVERY_REVERSAL", "10 0 5", "0 0 5"),
    ("RECOVERY_REVERSAL", "10 0 5", "0 0 -5.01"),
    ("RECOVERY_REVERSAL", "10 0 5", "0 1 -5"),
    ("RESERVE_CLOSE", "10 5 1", "0 -4 0"),
    ("RESERVE_CLOSE", "10 5 1", "0 0 0"),
    ("RESERVE_CLOSE", "10 5 1", "1 -5 0"),
    ("CLAIM_DECLINED", "0.01 5 0", "0 -5 0"),
    ("CLAIM_DECLINED", "0 5 0", "0 0 0"),
    ("IMPORT_OPENING", "0 0 0", "-1 0 0"),
    ("IMPORT_OPENING", "0 0 0", "0 -1 0"),
    ("IMPORT_OPENING", "0 0 0", "1 0 -1"),
    ("ADJUSTMENT", "10 5 1", "-11 0 0"),
    ("ADJUSTMENT", "10 5 1", "0 -6 0"),
    ("ADJUSTMENT", "10 5 1", "0 0 -2"),
    *((kind, "0 0 0", "0 1000000000000.00 0") for kind in ("RESERVE_OPEN", "RESERVE_CHANGE")),
]


@pytest.mark.parametrize(("kind", "before", "deltas"), VALID)
def test_a_valid_entry_is_accepted(kind, before, deltas):
    after = state(before).after(EntryType(kind), movement(deltas), DAY)

    sums = tuple(a + b for a, b in zip(amounts(before), amounts(deltas), strict=True))
    assert (after.paid, after.outstanding, after.recovered) == sums
    assert after.claim_cost == sums[0] + sums[1]


@pytest.mark.parametrize(("kind", "before", "deltas"), INVALID)
def test_an_invalid_entry_is_refused(kind, before, deltas):
    with pytest.raises(LedgerError):
        state(before).after(EntryType(kind), movement(deltas), DAY)


# deltas that are valid on a claim of any status that allows the entry type
HARMLESS = {
    **dict.fromkeys(("RESERVE_OPEN", "RESERVE_CHANGE", "RESERVE_CLOSE"), "0 0 0"),
    **dict.fromkeys(("CLAIM_DECLINED", "RESERVE_REOPEN", "IMPORT_OPENING", "ADJUSTMENT"), "0 0 0"),
    "PAYMENT": "5 0 0",
    "PAYMENT_REVERSAL": "-5 0 0",
    "REPAYMENT": "-5 0 0",
    **dict.fromkeys(("RECOVERY_SUBROGATION", "RECOVERY_SALVAGE", "RECOVERY_DEDUCTIBLE"), "0 0 1"),
    "RECOVERY_REVERSAL": "0 0 -1",
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kind", [kind.value for kind in EntryType])
def test_each_status_allows_its_entry_types_and_no_others(kind, status):
    before = state("0 0 0" if kind == "CLAIM_DECLINED" else "10 0 1", status)
    entry_type = EntryType(kind)

    if status not in ALLOWED[kind]:
        with pytest.raises(LedgerError, match=f"claim is {status}"):
            before.after(entry_type, movement(HARMLESS[kind]), DAY)
        return
    after = before.after(entry_type, movement(HARMLESS[kind]), DAY)

    assert after.status == AFTER.get(kind, status)
    assert (after.closed_date is None) == (after.status in OPEN_STATUSES)


def test_the_closed_date_is_that_of_the_closing_entry_until_the_claim_is_reopened():
    closed = state("10 5 0").after(EntryType.RESERVE_CLOSE, movement("0 -5 0"), DAY)
    later = closed.after(EntryType.RECOVERY_SALVAGE, movement("0 0 1"), date(2024, 6, 1))
    reopened = later.after(EntryType.RESERVE_REOPEN, movement("0 7 0"), date(2024, 7, 1))

    assert (closed.closed_date, later.closed_date, reopened.closed_date) == (DAY, DAY, None)
    assert reopened.outstanding == 7


@pytest.mark.parametrize("status", [CLOSED, DECLINED])
def test_an_adjustment_leaves_nothing_outstanding_on_a_settled_claim(status):
    with pytest.raises(LedgerError, match="Nothing can be outstanding"):
        state("0 0 0", status).after(EntryType.ADJUSTMENT, movement("0 1 0"), DAY)


def test_a_claim_is_reopened_with_a_reserve_of_zero_or_more():
    with pytest.raises(LedgerError, match="cannot be negative"):
        state("10 0 0", CLOSED).after(EntryType.RESERVE_REOPEN, movement("0 -1 0"), DAY)


def test_a_claim_cost_of_more_than_eighteen_digits_is_refused():
    nearly = State(paid=Decimal("9999999999999999.98"), outstanding=Decimal("0.01"))

    with pytest.raises(LedgerError, match="18 digits"):
        nearly.after(EntryType.RESERVE_CHANGE, movement("0 0.01 0"), DAY)


@pytest.mark.parametrize("amount", ["0.001", "NaN", "Infinity", "1.00000000000000000000000000001"])
@pytest.mark.parametrize("kind", ["RESERVE_CHANGE", "ADJUSTMENT"])
def test_what_is_not_money_is_refused_before_anything_is_compared(kind, amount):
    with pytest.raises(MoneyError):
        state("10 10 0").after(EntryType(kind), Movement(outstanding=Decimal(amount)), DAY)


def test_a_payment_reduces_the_reserve_at_most_to_zero():
    assert payment_movement(Decimal("40"), state("0 100 0")) == movement("40 -40 0")
    assert payment_movement(Decimal("140"), state("0 100 0")) == movement("140 -100 0")


def test_the_opposite_of_a_movement_is_exact():
    assert -movement("40.10 -40.10 0.01") == movement("-40.10 40.10 -0.01")
