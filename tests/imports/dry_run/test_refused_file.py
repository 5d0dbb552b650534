import csv
import io
import re

import pytest

from flaskr.claims.queries import claim_by_reference, claim_totals
from flaskr.imports.tasks import refused_path
from tests.imports.importing import COSTS, counts, write_file

HEADER = (*COSTS, "Notes", "Beskrivning")


@pytest.fixture
def refused(dry_runs):
    """The refused rows of a file, as a spreadsheet reads them."""

    def run(*rows, **how):
        job = dry_runs.job(*rows, **how, columns={"Notes": ""})
        text = refused_path(job.folder, 0).read_text(encoding="utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=";"))

    return run


def test_the_refused_rows_are_unchanged_with_row_and_reasons(refused):
    titles, *rows = refused(
        HEADER,
        ["A-1", "5", "fine", ""],
        ["", "x", "två; fel", "Åsa"],
        ["B", "1", "twice", ""],
        ["b", "2", "", ""],
    )

    assert titles == [*COSTS, "Notes (left out)", "Beskrivning", "refused_row", "refused_because"]
    assert [row[:5] for row in rows] == [
        ["", "x", "två; fel", "Åsa", "3"],
        ["B", "1", "twice", "", "4"],
        ["b", "2", "", "", "5"],
    ]
    assert rows[0][5] == (
        "claim_cost: “x” is not an amount; write it as 12345.50 or 12 345,50. "
        "claim_reference: The cell is empty. Fill it in."
    ) or rows[0][5].startswith("claim_reference: ")
    assert rows[1][5] == (
        "claim_reference: It appears in rows 4, 5. Add the amounts up in one row; the movements "
        "of a claim one by one belong in the ledger of a migration."
    )


def test_a_formula_is_escaped_and_read_back(refused):
    path_row = ["=1+1", "-5", "@x", "+46 8"]

    _, row = refused(HEADER, path_row)

    assert row[:4] == ["'=1+1", "-5", "'@x", "+46 8"]


def test_there_is_no_file_without_refused_rows(dry_runs):
    job = dry_runs.job(COSTS, ["A", 1])

    assert not refused_path(job.folder, 0).exists()


def test_corrected_rows_are_loaded_without_a_mapping(runner, tmp_path):
    path = write_file(
        tmp_path / "costs.csv",
        HEADER,
        ["A-1", 5, "", "=x"],
        ["A-2", "x5", "", "=y"],
        ["A-2", 7, "", ""],
    )
    mending = tmp_path / "mend.csv"

    first = runner.invoke(args=["import", str(path), "--good-rows", "--refused", str(mending)])
    text = mending.read_text(encoding="utf-8-sig")
    mending.write_text(re.sub(r"(?m)^A-2;7;.*\r?\n", "", text).replace("x5", "5,50"), "utf-8-sig")
    second = runner.invoke(args=["import", str(mending)])

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert f"The refused rows are in {mending}." in first.output
    assert "mend.csv: 1 created (claim cost 5.50 SEK)" in second.output
    assert "refused_row (its row in the refused file)" in second.output
    with runner.app.app_context():
        assert claim_totals().claims == 2
        assert claim_by_reference("A-2").description == "=y"


def test_a_row_that_could_not_be_split_into_cells_is_in_the_file_as_text(sqlite_importing):
    path = sqlite_importing.folder / "claims.csv"
    path.write_text("claim,cost\nA,1\nB,1,2,3\nC,2\n")
    job = sqlite_importing.new_job(path)

    text = refused_path(job.folder, 0).read_text(encoding="utf-8-sig")

    assert counts(job.outcome) == (2, 0, 0, 1)
    assert job.outcome.refusals[0].rows == (3,)
    assert "B,1,2,3" in text
