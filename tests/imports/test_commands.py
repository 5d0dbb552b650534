from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr import create_app
from flaskr.claims.ledger_services import close_claim
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import claim_referenced, claim_totals
from flaskr.extensions import db
from tests.conftest import create_database, make_settings
from tests.factories import ACTOR, make_claim, reserve
from tests.imports.conftest import FILES

HEADER = ["Claim Reference", "Claim Cost"]


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


def test_a_database_without_its_schema_is_refused_with_the_command_to_run(
    postgres, tmp_path, write_workbook
):
    url = create_database(postgres, f"bare_{tmp_path.parent.name}")
    app = create_app(make_settings(tmp_path, database_url=url))
    path = write_workbook(HEADER, ["A-1", 1])

    result = app.test_cli_runner().invoke(args=["import", str(path)])
    with app.app_context():
        db.engine.dispose()

    assert (result.exit_code, "Run: flask db upgrade" in result.output) == (1, True)
