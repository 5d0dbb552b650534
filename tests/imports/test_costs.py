from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flaskr.calendar import today
from flaskr.claims.ledger_services import post_recovery
from flaskr.claims.models import Coverage
from flaskr.claims.queries import claim_referenced, claim_totals, entries_of
from flaskr.claims.rules import EntryType
from flaskr.extensions import db
from flaskr.imports.checks import checked, claim_cost, raise_any
from flaskr.imports.layouts import CLAIM_COSTS, Row, laid_out
from flaskr.imports.readers import read_table
from flaskr.imports.refusals import ImportRefused
from flaskr.imports.services import CostsImported, import_costs, report_new_claim
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

HEADER = ["Claim Reference", "Claim Cost"]


@pytest.fixture
def load(rolled_back, write_workbook):
    """Import rows of claim costs in a session that is rolled back."""

    def run(*rows) -> CostsImported:
        raw = read_table(write_workbook(HEADER, *rows))
        costs, refusals = checked(laid_out(raw, CLAIM_COSTS), claim_cost, "claim_reference")
        raise_any(refusals)
        return import_costs(costs, actor=ACTOR)

    return run


def counts(result: CostsImported) -> tuple[int, int, int]:
    return len(result.created), len(result.unchanged), len(result.changed)


def test_each_new_row_is_an_incomplete_claim_with_its_cost_outstanding(load):
    load(["A-1", 100.5])

    claim = claim_referenced("A-1")
    [entry] = entries_of(claim)
    assert (claim.policy, claim.loss_date, claim.reported_date) == (None, None, None)
    assert claim.coverage is Coverage.UNVERIFIED
    assert (entry.entry_type, entry.outstanding) == (EntryType.IMPORT_OPENING, Decimal("100.50"))
    assert (entry.transaction_date, entry.paid, entry.imported_at) == (today(), 0, None)


def test_text_amounts_blank_rows_and_numeric_references_are_taken(load):
    result = load([123, "12 345,50"], [None, None], ["  ", ""], ["00123", 7])

    assert [(c.claim_reference, amount) for c, amount in result.created] == [
        ("123", Decimal("12345.50")),
        ("00123", Decimal("7.00")),
    ]


def test_a_changed_cost_posts_the_difference_and_overwrites_nothing(load):
    load(["A-1", 100], ["A-2", 50])

    result = load(["a-1", 130.25], ["A-2", "20"], ["A-3", 1])

    assert counts(result) == (1, 0, 2)
    assert [amount for _, amount in result.changed] == [Decimal("30.25"), Decimal("-30.00")]
    assert [(e.entry_type, e.outstanding) for e in entries_of(claim_referenced("A-1"))] == [
        (EntryType.IMPORT_OPENING, Decimal("100.00")),
        (EntryType.ADJUSTMENT, Decimal("30.25")),
    ]


def test_the_cost_of_a_claim_is_what_is_paid_and_outstanding_together(load):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100.00")
    pay(claim, "40.00")

    same, more = load(["A-1", 100]), load(["A-1", 110])

    assert counts(same) == (0, 1, 0)
    assert counts(more) == (0, 0, 1)
    assert (claim.paid, claim.outstanding) == (Decimal("40.00"), Decimal("70.00"))


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (["A-2", -5], "row 3, Claim Cost “-5”: The amount is zero or more."),
        (["A-2", None], "row 3, Claim Cost “”: The cell is empty. Fill it in."),
        ([None, 5], "row 3, Claim Reference “”: The cell is empty."),
        (["A-2", "NaN"], "row 3, Claim Cost “NaN”: “NaN” is not an amount"),
        (["A-2", "1e3"], "row 3, Claim Cost “1e3”: “1e3” is not an amount"),
        (["A-2", 0.125], "row 3, Claim Cost “0.125”: An amount has at most two decimals."),
        (["A-2", 1e13], "One entry moves at most"),
        (["A/2", 5], "row 3, Claim Reference “A/2”: A reference has none of"),
        (["a-1", 5], "row 3, Claim Reference “a-1”: Row 2 has it already. Keep one of them."),
        (["C-2026-000001", 5], "row 3, Claim Reference “C-2026-000001”: The book gives such"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused_by_row_column_and_value(load, row, refusal):
    with pytest.raises(ImportRefused) as refused:
        load(["A-1", 1], row)

    assert refusal in str(refused.value)


def test_a_cost_below_what_is_paid_is_refused(load):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100.00")
    pay(claim, "40.00")
    post_recovery(claim, EntryType.RECOVERY_SALVAGE, Decimal("5.00"), date(2024, 4, 2), actor=ACTOR)

    with pytest.raises(ImportRefused, match="outstanding amount cannot go below zero"):
        load(["A-1", 39])


def test_two_imports_at_once_create_each_claim_once(app, write_workbook):
    orders = {"up.xlsx": range(1, 31), "down.xlsx": range(30, 0, -1)}
    paths = [
        write_workbook(HEADER, *((f"A-{n}", n) for n in order), name=name)
        for name, order in orders.items()
    ]

    def load_and_commit(path: Path) -> tuple[int, int, int]:
        with app.app_context():
            costs, _ = checked(
                laid_out(read_table(path), CLAIM_COSTS), claim_cost, "claim_reference"
            )
            result = import_costs(costs, actor=ACTOR)
            db.session.commit()
            return counts(result)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(load_and_commit, paths))

    assert sorted(results) == [(0, 30, 0), (30, 0, 0)]
    with app.app_context():
        assert claim_totals().claim_cost == Decimal("465.00")


def test_a_claim_that_somebody_reported_meanwhile_is_refused_by_its_row(rolled_back):
    make_claim(claim_reference="A-1")
    cells = {"claim_reference": "A-1", "claim_cost": 1}
    cost = claim_cost(Row("x.xlsx", 2, cells, {name: name for name in cells}))

    with pytest.raises(ImportRefused, match="row 2, claim_reference “A-1”: Claim A-1 is already"):
        report_new_claim(cost, ACTOR)
