from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.calendar import today
from flaskr.claims.ledger_services import close_claim, post_recovery
from flaskr.claims.models import Claim, Coverage, LedgerEntry
from flaskr.claims.queries import claim_referenced, claim_totals, entries_of
from flaskr.claims.rules import EntryType
from flaskr.extensions import db
from flaskr.imports.checks import checked, claim_cost, raise_any
from flaskr.imports.layouts import CLAIM_COSTS, laid_out
from flaskr.imports.readers import read_table
from flaskr.imports.refusals import ImportRefused
from flaskr.imports.services import CostsImported, import_costs
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve
from tests.imports.conftest import FILES

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


def test_the_workbook_is_loaded_once_however_often_it_is_imported(runner):
    path = str(FILES / "claims_data_to_import.xlsx")

    first = runner.invoke(args=["import", path])
    second = runner.invoke(args=["import", path])
    check = runner.invoke(args=["claims", "check"])

    assert first.output == (
        "claims_data_to_import.xlsx: 20 created, 0 unchanged, 0 changed. "
        "Claim cost created 944014.00, unchanged 0.00, changed by 0.00 SEK.\n"
    )
    assert second.output == (
        "claims_data_to_import.xlsx: 0 created, 20 unchanged, 0 changed. "
        "Claim cost created 0.00, unchanged 944014.00, changed by 0.00 SEK.\n"
    )
    assert check.exit_code == 0
    with runner.app.app_context():
        totals = claim_totals()
        highest = claim_referenced("C25159")
        assert (totals.claims, totals.claim_cost) == (20, Decimal("944014.00"))
        assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 20
        assert highest.claim_cost == Decimal("83356.00")


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


def test_every_bad_row_is_told_and_nothing_is_written(runner, write_workbook):
    path = write_workbook(HEADER, ["A-1", 1], ["A-2", "x"], ["A-3", -1])

    result = runner.invoke(args=["import", str(path)])

    assert result.exit_code == 1
    assert result.output.splitlines()[:2] == [
        "Error: Nothing was imported.",
        "costs.xlsx, row 3, Claim Cost “x”: “x” is not an amount; "
        "write it as 12345.50 or 12 345,50.",
    ]
    assert "row 4, Claim Cost “-1”" in result.output
    with runner.app.app_context():
        assert claim_totals().claims == 0


def test_a_refusal_by_the_book_undoes_the_rows_before_it(runner, write_workbook):
    with runner.app.app_context():
        closed = make_claim(claim_reference="A-2")
        reserve(closed, "10.00")
        close_claim(closed, date(2024, 5, 1), actor=ACTOR)
        db.session.commit()

    result = runner.invoke(args=["import", str(write_workbook(HEADER, ["A-1", 1], ["A-2", 5]))])

    assert result.exit_code == 1
    assert "row 3, Claim Cost “5”: Nothing can be outstanding on a closed claim" in result.output
    with runner.app.app_context():
        assert db.session.scalars(select(Claim.claim_reference)).all() == ["A-2"]


def test_a_cost_below_what_is_paid_is_refused(load):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100.00")
    pay(claim, "40.00")
    post_recovery(claim, EntryType.RECOVERY_SALVAGE, Decimal("5.00"), date(2024, 4, 2), actor=ACTOR)

    with pytest.raises(ImportRefused, match="outstanding amount cannot go below zero"):
        load(["A-1", 39])


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ([["Claim Reference", "Amount"], ["A", 1]], "The column claim_cost is missing"),
        ([["Claim Cost"], [1]], "The column claim_reference is missing"),
        ([["Claim Reference", "Claim Cost", None], ["A", 1, "x"]], "more cells than the header"),
        ([["claim_reference", "entry_type", "paid"], ["A", "PAYMENT", 1]], "Add --migration"),
        ([], "The file is empty"),
    ],
)
def test_the_command_refuses_a_file_that_is_not_one_of_claim_costs(
    runner, write_workbook, rows, refusal
):
    result = runner.invoke(args=["import", str(write_workbook(*rows))])

    assert (result.exit_code, refusal in result.output) == (1, True)


def test_the_command_takes_one_file_of_claim_costs_at_a_time(runner, write_workbook):
    path = str(write_workbook(HEADER, ["A", 1]))

    result = runner.invoke(args=["import", path, path])

    assert (result.exit_code, "one file of claim costs at a time" in result.output) == (1, True)


def test_the_command_says_when_a_file_is_not_there(runner):
    result = runner.invoke(args=["import", "nowhere.xlsx"])

    assert (result.exit_code, "does not exist" in result.output) == (2, True)
