"""The rules of entries on a claim that has two cost types, without a database."""

import pytest

from flaskr.claims.ledger.balances import Balances
from flaskr.claims.ledger.rules import State
from flaskr.errors import LedgerError
from flaskr.facts.closed_lists import CostType, EntryType
from tests.claims.ledger.test_rules import DAY, amounts, movement

INDEMNITY, EXPENSE = CostType
# entry type, its cost type, indemnity and expense before it, deltas
VALID_BY_TYPE = [
    ("PAYMENT", EXPENSE, "0 100 0", "0 30 0", "40 -30 0"),
    ("PAYMENT", INDEMNITY, "0 100 0", "0 30 0", "140 -100 0"),
    ("PAYMENT", EXPENSE, "0 100 0", "0 -5 0", "40 0 0"),  # migrated: nothing to reduce
    ("REPAYMENT", EXPENSE, "90 0 0", "10 0 0", "-10 0 0"),
    ("RESERVE_CLOSE", INDEMNITY, "0 100 0", "7 0 0", "0 -100 0"),
    ("CLAIM_DECLINED", INDEMNITY, "0 100 0", "7 0 0", "0 -100 0"),
    ("RESERVE_CHANGE", EXPENSE, "0 100 0", "0 -5 0", "0 3 0"),
]
INVALID_BY_TYPE = [
    ("PAYMENT", EXPENSE, "0 100 0", "0 30 0", "40 -40 0"),
    ("PAYMENT", EXPENSE, "0 100 0", "0 -5 0", "40 -5 0"),
    ("REPAYMENT", EXPENSE, "90 0 0", "10 0 0", "-10.01 0 0"),
    ("RESERVE_CLOSE", INDEMNITY, "0 100 0", "0 1 0", "0 -100 0"),
    ("RESERVE_CLOSE", INDEMNITY, "0 100 0", "0 1 0", "0 -101 0"),
    ("CLAIM_DECLINED", EXPENSE, "1 0 0", "0 5 0", "0 -5 0"),
    ("RESERVE_CHANGE", EXPENSE, "0 100 0", "0 1 0", "0 -2 0"),
    ("RESERVE_CHANGE", EXPENSE, "0 100 0", "0 -5 0", "0 -1 0"),
    ("RECOVERY_REVERSAL", INDEMNITY, "9 0 1", "0 0 5", "0 0 -2"),
    ("ADJUSTMENT", INDEMNITY, "10 0 0", "5 0 0", "-12 0 0"),
]


def after_by_type(kind, cost_type, indemnity, expense, deltas) -> State:
    by_type = {INDEMNITY: Balances(*amounts(indemnity)), EXPENSE: Balances(*amounts(expense))}
    sums = (sum(pair) for pair in zip(amounts(indemnity), amounts(expense), strict=True))
    before = State(*sums)
    return before.after(EntryType(kind), movement(deltas), DAY, cost_type, by_type)


@pytest.mark.parametrize(("kind", "cost_type", "indemnity", "expense", "deltas"), VALID_BY_TYPE)
def test_an_entry_moves_the_balances_of_its_cost_type(kind, cost_type, indemnity, expense, deltas):
    after = after_by_type(kind, cost_type, indemnity, expense, deltas)

    parts = zip(amounts(indemnity), amounts(expense), amounts(deltas), strict=True)
    assert (after.paid, after.outstanding, after.recovered) == tuple(map(sum, parts))


@pytest.mark.parametrize(("kind", "cost_type", "indemnity", "expense", "deltas"), INVALID_BY_TYPE)
def test_an_entry_that_its_cost_type_does_not_allow_is_refused(
    kind, cost_type, indemnity, expense, deltas
):
    with pytest.raises(LedgerError):
        after_by_type(kind, cost_type, indemnity, expense, deltas)
