"""Files of claims that have expenses: their amounts are totals, and change the indemnity."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.balances import Balances
from flaskr.claims.ledger.services import post_payment, set_reserve
from flaskr.claims.queries import balances_by_type, claim_by_reference, entries_of
from flaskr.facts.closed_lists import CostType
from tests.factories import ACTOR, make_claim, make_policy
from tests.imports.importing import COSTS, counts


@pytest.fixture
def surveyed(importing):
    """A claim with 100.00 of indemnity, 30.00 paid, and 20.00 of expense, 15.00 paid."""
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    for cost_type, reserved, paid in ((CostType.INDEMNITY, 100, 30), (CostType.EXPENSE, 20, 15)):
        by = {"cost_type": cost_type, "actor": ACTOR}
        set_reserve(claim, Decimal(reserved), date(2024, 5, 1), **by)
        post_payment(claim, Decimal(paid), date(2024, 5, 1), **by)
    return importing


def test_a_cost_is_the_total_and_its_difference_is_indemnity(surveyed):
    same = surveyed.dry_run(COSTS, ["A-1", 120])
    surveyed.load(COSTS, ["A-1", 110])

    claim = claim_by_reference("A-1")
    assert (counts(same), claim.claim_cost) == ((0, 0, 1, 0), Decimal("110.00"))
    assert entries_of(claim)[-1].cost_type is CostType.INDEMNITY
    assert balances_by_type(claim.id, claim.state)[CostType.EXPENSE].claim_cost == 20
    assert list(disagreements()) == []


@pytest.mark.parametrize(
    ("name", "amount", "expense"), [("outstanding", 4, "5.00"), ("paid", 10, "15.00")]
)
def test_a_total_below_the_expense_in_it_is_refused(surveyed, name, amount, expense):
    [refusal] = surveyed.refusals(("claim", name), ["A-1", amount])

    assert refusal == (
        f"claims.csv, row 2, {name} “{amount}.00”: Of {name}, {expense} is expense, and a file of "
        "claims changes the indemnity only. Change the expense on the claim's page first."
    )


def test_a_total_of_expense_alone_is_taken(surveyed):
    surveyed.load(("claim", "paid", "outstanding"), ["A-1", 15, 5])

    claim = claim_by_reference("A-1")
    assert balances_by_type(claim.id, claim.state)[CostType.INDEMNITY] == Balances()
    assert list(disagreements()) == []
