import json
import os
import pty
import subprocess
import sys

import pytest

from flaskr.claims.queries import claim_totals
from tests.factories import make_claim
from tests.imports.importing import COSTS, GOLDEN, write_file

GOOD, WRONG = ["A-1", "1.50"], ["A-2", "x"]
POLICIES = ("policy_number", "line_of_business", "inception_date", "expiry_date", "premium")


@pytest.fixture
def bring(runner, tmp_path):
    """Runs `flask import` on a file of rows; the result."""

    def run(*rows, options=(), titles=COSTS, name="costs.csv"):
        path = write_file(tmp_path / name, titles, *rows)
        done = runner.invoke(args=["import", str(path), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def claims_in(runner) -> int:
    with runner.app.app_context():
        return claim_totals().claims


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        ([GOOD], [], 0),
        ([GOOD], ["--dry-run"], 0),
        ([WRONG], [], 3),
        ([WRONG], ["--dry-run"], 3),
        ([GOOD, WRONG], ["--good-rows"], 0),
        ([GOOD, WRONG], ["--good-rows", "--dry-run"], 0),
        ([WRONG], ["--good-rows"], 3),
        ([WRONG], ["--good-rows", "--dry-run"], 3),
        ([], [], 3),
        ([], ["--dry-run"], 3),
        ([], ["--allow-empty"], 0),
        ([GOOD], ["--at-least", "2"], 3),
        ([GOOD], ["--at-least", "2", "--dry-run"], 3),
        ([GOOD, WRONG], ["--at-least", "2", "--good-rows"], 0),
        ([GOOD], ["--at-least", "1"], 0),
        ([], ["--allow-empty", "--at-least", "1"], 3),
        ([GOOD], ["--at-least", "-1"], 2),
        ([GOOD], ["--expect", "1:aa"], 2),
        ([GOOD], ["--json", "--quiet"], 2),
        ([GOOD], ["--encoding", "klingon"], 2),
        ([GOOD], ["--refused", "/nowhere/refused.csv"], 0),
        ([WRONG], ["--refused", "/nowhere/refused.csv"], 2),
    ],
)
def test_the_exit_code_says_what_became_of_a_file(bring, rows, options, code):
    done = bring(*rows, options=options)

    assert done.exit_code == code, done.output
    assert ("Error: " in done.stderr) is bool(code)


def test_a_file_without_a_row_is_refused_unless_it_is_allowed(bring):
    refused = bring()
    allowed = bring(options=["--allow-empty"])

    assert refused.stderr == (
        "Error: Nothing was imported.\ncosts.csv has no row. --allow-empty takes such a file.\n"
    )
    assert allowed.stdout == "costs.csv: 0 created, 0 changed, 0 unchanged, 0 refused.\n"
    assert allowed.stderr == ""


def test_a_file_with_fewer_rows_than_expected_is_refused(bring, runner):
    done = bring(GOOD, options=["--at-least", "1000"])

    assert done.stderr.endswith("Rows read: 1; --at-least 1000 is set.\n")
    assert claims_in(runner) == 0


def test_without_a_good_row_good_rows_says_so(bring):
    done = bring(WRONG, ["A-3", "y"], options=["--good-rows"])

    assert done.stderr.endswith("None of the rows is good, so there is nothing to load.\n")


def test_good_rows_that_the_book_has_are_nothing_to_do(bring):
    bring(GOOD)

    done = bring(GOOD, WRONG, options=["--good-rows"])

    assert (done.exit_code, "1 unchanged" in done.stdout) == (0, True)


def test_json_is_one_object_on_standard_output(bring):
    titles = (*COSTS, "Mängd")
    options = ["--json", "--column", "Mängd="]
    done = bring([*GOOD, "x"], ["Ö-2", "2.50", "y"], titles=titles, options=options)

    found = json.loads(done.stdout)
    (file,) = found.pop("files")
    assert found == {
        "loaded": True,
        "import": 1,
        "message": "Loaded as import 1.",
        "exit_code": 0,
        "currency": "SEK",
        "entries": 2,
        "warnings": [],
        "refusals": [],
        "refusal_count": 0,
    }
    assert file["created"] == {
        "rows": 2,
        "claim_cost": "4.00",
        "paid": "0.00",
        "outstanding": "4.00",
        "recovered": "0.00",
    }
    assert (file["name"], file["contents"], file["rows"]) == ("costs.csv", "claims", 2)
    assert (len(file["sha256"]), file["loaded_before_as"]) == (64, [])
    assert file["columns_left_out"].keys() == {"Mängd"}
    assert done.stdout.isascii()


def test_json_of_a_refusal_has_its_rows_and_the_reason_is_on_standard_error(bring):
    done = bring(GOOD, WRONG, options=["--json"])

    found = json.loads(done.stdout)
    (refusal,) = found["refusals"]
    assert (found["loaded"], found["import"], found["exit_code"]) == (False, None, 3)
    assert (refusal["rows"], refusal["column"], refusal["value"]) == ([3], "Claim Cost", "x")
    assert found["message"].startswith("Some rows are refused.")
    assert done.stderr == f"Error: Nothing was imported.\n{found['message']}\n"


@pytest.mark.parametrize(
    ("titles", "options", "code"),
    [(("Claim Reference", "Amount"), [], 3), (("a", "b"), [], 3), (COSTS, ["--column=x"], 2)],
)
def test_json_is_printed_though_the_file_is_not_read(bring, titles, options, code):
    done = bring(GOOD, titles=titles, options=["--json", *options])

    found = json.loads(done.stdout)
    assert (done.exit_code, found["exit_code"], found["loaded"]) == (code, code, False)
    assert found["message"] in done.stderr


def test_quiet_prints_nothing_when_all_is_well_and_the_summary_when_not(bring):
    loaded = bring(GOOD, options=["--quiet"])
    refused = bring(WRONG, options=["--quiet"])

    assert (loaded.exit_code, loaded.output) == (0, "")
    assert refused.stdout.startswith("costs.csv: 0 created, 0 changed, 0 unchanged, 1 refused")
    assert refused.stderr.startswith("Error: Nothing was imported.\n")


def test_a_refused_migration_says_that_nothing_is_in_the_book(runner, tmp_path):
    titles = (*POLICIES, "deductible")
    good = ["P-1", "motor", "2024-01-01", "2025-01-01", "10", "0"]
    path = write_file(tmp_path / "policies.csv", titles, good, [*good[:4], "x", "0"])

    done = runner.invoke(args=["import", "--migration", str(path)])

    assert done.exit_code == 3
    assert "Nothing was imported: no row of the migration is in the book.\n" in done.stderr


@pytest.mark.parametrize("option", ["--dry-run", "--good-rows", "--sheet=x", "--at-least=1"])
def test_an_archive_is_not_loaded_with_an_option_that_would_be_ignored(
    runner, session, tmp_path, option
):
    make_claim()
    session.commit()
    runner.invoke(args=["exports", "book", str(tmp_path / "book.zip")])

    done = runner.invoke(args=["import", str(tmp_path / "book.zip"), option])

    assert done.exit_code == 2
    assert f"{option.partition('=')[0]} is not for an archive of a book." in done.stderr


@pytest.mark.parametrize("name", ["cp1252", "CP1252", "Windows-1252", "windows 1252"])
def test_an_encoding_is_taken_in_any_case(runner, tmp_path, name):
    path = tmp_path / "costs.csv"
    path.write_bytes("Claim Reference,Claim Cost\nÄ-1,1\n".encode("cp1252"))

    done = runner.invoke(args=["import", str(path), "--encoding", name])

    assert done.exit_code == 0, done.output


def test_the_progress_counts_the_rows_of_the_file(tmp_path):
    path = write_file(tmp_path / "costs.csv", COSTS, *[[f"A-{n}", 1] for n in range(1234)])
    environment = {**os.environ, "INSTANCE_FOLDER": str(tmp_path / "book")}
    command = [sys.executable, "-m", "flask", "-A", "flaskr:create_app", "import", str(path)]
    reader, terminal = pty.openpty()

    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    shown = os.read(reader, 100_000).decode()
    os.close(reader)

    assert done.returncode == 0, shown
    assert "Reading: 1,234 rows" in shown


def test_a_migration_is_described_by_file_in_json(runner):
    done = runner.invoke(args=["import", "--migration", "--json", *map(str, GOLDEN)])

    found = json.loads(done.stdout)
    assert (done.exit_code, found["loaded"], len(found["files"])) == (0, True, 3)


@pytest.mark.parametrize(
    "options",
    [
        ["--column", "Loss=loss_date", "--column", "Loss="],
        ["--constant", "cause=fire", "--constant", "cause=water"],
        ["--value", "cause:x=fire", "--value", "cause:x=water"],
    ],
)
def test_options_that_say_two_things_of_one_are_refused(bring, runner, options):
    done = bring(GOOD, options=options)

    assert done.exit_code == 2
    assert "in another option" in done.stderr
    assert claims_in(runner) == 0
