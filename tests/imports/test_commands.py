from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr import create_app
from flaskr.audit.services import command_actor
from flaskr.claims.ledger.services import close_claim
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import claim_by_reference, claim_totals
from flaskr.extensions import db
from tests.books import create_database, make_settings
from tests.factories import ACTOR, make_claim, reserve
from tests.imports.importing import COSTS, FILES, write_file

LEDGER = ["claim", "type", "txn date", "recorded_at", "paid", "os", "rec"]
WORKBOOK = str(FILES / "claims_data_to_import.xlsx")


@pytest.fixture
def import_rows(runner, tmp_path):
    """Runs `flask import` on a file of rows; its exit code and output."""

    def run(*rows, name="costs.csv", options=()):
        done = runner.invoke(args=["import", str(write_file(tmp_path / name, *rows)), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


def jobs_left(app):
    folder = app.config["INSTANCE_FOLDER"] / "jobs"
    return list(folder.iterdir()) if folder.exists() else []


def test_the_workbook_is_loaded_once_however_often_it_is_imported(runner):
    first = runner.invoke(args=["import", WORKBOOK])
    second = runner.invoke(args=["import", WORKBOOK])
    check = runner.invoke(args=["claims", "check"])

    assert "is not declared live" in first.stderr
    assert first.stdout == (
        "claims_data_to_import.xlsx: 20 created (claim cost 944014.00 SEK), 0 changed, "
        "0 unchanged, 0 refused.\nLoaded as import 1.\n"
    )
    assert (first.exit_code, second.exit_code, check.exit_code) == (0, 0, 0)
    unchanged, loaded_before = second.output.splitlines()
    assert unchanged == (
        "claims_data_to_import.xlsx: 0 created, 0 changed, "
        "20 unchanged (claim cost 944014.00 SEK), 0 refused."
    )
    assert loaded_before.startswith("claims_data_to_import.xlsx was already loaded on 20")
    assert loaded_before.endswith(f" by {command_actor()}.")
    with runner.app.app_context():
        totals = claim_totals()
        assert (totals.claims, totals.claim_cost) == (20, Decimal("944014.00"))
        assert db.session.scalar(select(func.count()).select_from(LedgerEntry)) == 20
        assert claim_by_reference("C25159").claim_cost == Decimal("83356.00")
    assert jobs_left(runner.app) == []


def test_every_invalid_row_is_listed_and_nothing_is_written(runner, import_rows):
    code, said = import_rows(COSTS, ["A-1", 1], ["A-2", "x"], ["A-3", -1])

    assert code == 3
    assert said.splitlines() == [
        "costs.csv: 1 created (claim cost 1.00 SEK), 0 changed, 0 unchanged, "
        "2 refused (claim cost 0.00 SEK).",
        "costs.csv, row 3, Claim Cost “x”: “x” is not an amount; write it as 12345.50 or "
        "12 345,50.",
        "costs.csv, row 4, Claim Cost “-1”: The amount cannot be negative. Correct it.",
        "Error: Nothing was imported.",
        "Some rows are refused. Correct them, or choose to load the good rows and skip these.",
    ]
    with runner.app.app_context():
        assert claim_totals().claims == 0
    assert jobs_left(runner.app) == []


def test_a_refusal_by_a_rule_refuses_the_other_rows_too(runner, import_rows):
    with runner.app.app_context():
        closed = make_claim(claim_reference="A-2")
        reserve(closed, "10.00")
        close_claim(closed, date(2024, 5, 1), actor=ACTOR)
        db.session.commit()

    code, said = import_rows(COSTS, ["A-1", 1], ["A-2", 5])

    assert code == 3
    assert "row 3, Claim Cost “5.00”: Nothing can be outstanding on a closed claim" in said
    with runner.app.app_context():
        assert db.session.scalars(select(Claim.claim_reference)).all() == ["A-2"]


def test_good_rows_are_loaded_by_choice_and_the_refused_are_counted(runner, import_rows):
    code, said = import_rows(COSTS, ["A-1", 1], ["A-2", "x"], options=["--good-rows"])

    assert (code, said.splitlines()[-2]) == (0, "Loaded as import 1.")
    with runner.app.app_context():
        assert db.session.scalars(select(Claim.claim_reference)).all() == ["A-1"]


def test_a_dry_run_prints_the_same_summary_and_writes_nothing(runner, import_rows):
    code, said = import_rows(COSTS, ["A-1", 1], options=["--dry-run"])

    assert (code, said) == (
        0,
        "costs.csv: 1 created (claim cost 1.00 SEK), 0 changed, 0 unchanged, 0 refused.\n",
    )
    with runner.app.app_context():
        assert claim_totals().claims == 0


def test_columns_are_mapped_left_out_and_given_by_hand(runner, import_rows):
    rows = (("Ref", "Belopp", "paid", "Notes"), ["A-1", "5", "x", "y"])
    options = ["--column=Ref=claim_reference", "--column=Belopp=claim_cost", "--column=paid="]
    options += ["--column=Notes="]

    lacking = import_rows(*rows, options=options[1:3])
    given = import_rows(*rows, options=[*options, "--constant=loss_date=2024-03-01"])

    assert lacking == (
        3,
        "Error: Nothing was imported.\n"
        "costs.csv: the book does not know the column Ref (A-1). Say what it is with --column "
        "Ref=NAME, or leave it out with Ref=.\n"
        "costs.csv: the book does not know the column Notes (y). Say what it is with --column "
        "Notes=NAME, or leave it out with Notes=.\n"
        "costs.csv has no column for claim_reference.\n",
    )
    assert given[0] == 0
    assert "columns left out: paid (left out), Notes (left out)." in given[1]
    with runner.app.app_context():
        assert claim_by_reference("A-1").loss_date == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("rows", "options", "refusal"),
    [
        (
            [["Claim Reference", "Amount"], ["A", 1]],
            [],
            "costs.csv: the book does not know the column Amount (1).",
        ),
        ([["Claim Cost"], [1]], [], "costs.csv has no column for claim_reference.\n"),
        ([COSTS, ["A", 1]], ["--column=x"], "x: write it as NAME=VALUE."),
        (
            [COSTS, ["A", 1]],
            ["--constant=loss_date=x"],
            "The value of loss_date for all rows: Write",
        ),
        ([COSTS, ["A", 1]], ["--column=B=paid"], "costs.csv has no column B."),
        ([LEDGER], [], "Import it as a migration."),
        ([["a", "b"], [1, 2]], [], "no column of this file is recognised"),
        ([COSTS], ["--sheet=Other"], "Other"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_as_a_whole(import_rows, rows, options, refusal):
    name = "costs.xlsx" if "--sheet=Other" in options else "costs.csv"

    code, said = import_rows(*rows, name=name, options=options)

    assert (code, said.startswith("Error: Nothing was imported.\n")) == (
        2 if "--column=x" in options else 3,
        True,
    )
    assert refusal in said


def test_a_file_with_only_titles_has_nothing_to_load_if_that_is_allowed(import_rows):
    assert import_rows(COSTS, options=["--allow-empty"]) == (
        0,
        "costs.csv: 0 created, 0 changed, 0 unchanged, 0 refused.\n",
    )


def test_a_broken_workbook_is_refused_with_advice(runner, tmp_path):
    (tmp_path / "costs.xlsx").write_bytes(b"PK\x03\x04 cut")

    result = runner.invoke(args=["import", str(tmp_path / "costs.xlsx")])

    assert result.exit_code == 3
    assert result.output.startswith("Error: Nothing was imported.\n")
    assert "workbook" in result.output


def test_several_files_are_accepted_only_as_a_migration_and_one_of_each(runner, tmp_path):
    path = str(write_file(tmp_path / "a.csv", COSTS, ["A", 1]))
    policies = str(FILES / "golden" / "policies.csv")

    twice = runner.invoke(args=["import", path, path])
    mixed = runner.invoke(args=["import", path, policies])

    assert (twice.exit_code, mixed.exit_code) == (3, 3)
    assert "several files can only be imported together as a migration" in mixed.output
    assert "Import one at a time." in twice.output


def test_a_file_whose_name_is_not_valid_text_is_imported(runner, tmp_path):
    path = write_file(tmp_path / "costs-\udcff.csv", COSTS, ["A", 1])

    result = runner.invoke(args=["import", str(path)])

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Loaded as import 1.")


def test_the_command_refuses_a_file_that_does_not_exist(runner):
    result = runner.invoke(args=["import", "nowhere.xlsx"])

    assert (result.exit_code, "does not exist" in result.output) == (2, True)


def test_a_database_without_its_schema_is_refused_with_the_command_to_run(postgres, tmp_path):
    url = create_database(postgres, f"bare_{tmp_path.parent.name}")
    app = create_app(make_settings(tmp_path, database_url=url))

    result = app.test_cli_runner().invoke(args=["import", WORKBOOK])
    with app.app_context():
        db.engine.dispose()

    assert (result.exit_code, "run: flask db upgrade" in result.output) == (4, True)
