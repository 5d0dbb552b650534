"""Claims with a refused row are left out of a migration whole, by a choice that is recorded."""

import csv
import io

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.queries import book_size, claim_by_reference, claim_totals
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.imports.loading.services import load_import
from flaskr.imports.tasks import ImportRefused, refused_path
from flaskr.policies.queries import policy_by_number
from tests.imports.conftest import files_of
from tests.imports.importing import counts, load
from tests.imports.migration.older_system import (
    CLAIMS,
    HOME,
    LEDGER,
    OPENED,
    PAID,
    POLICIES,
    WATER,
)

BROKEN = PAID.replace("-40", "-101")
LEFT_OUT = "Claim W1 has a refused row, and is left out whole."


def of(reference: str, *rows: str) -> str:
    """Rows of another claim than W1."""
    return "".join(row.replace("W1", reference) for row in rows)


@pytest.fixture
def try_migration(importing):
    """The job of a migration of two claims, after its dry run."""

    def run(ledger: str, claims: str = WATER + of("W2", WATER), policies: str = HOME):
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        paths = files_of(importing.folder, **texts, ledger=LEDGER + ledger)
        return importing.new_job(*paths, is_migration=True)

    return run


def refused_rows(job, at: int) -> list[tuple[str, str]]:
    """The rows of a file of refused rows: the row in the file, and why."""
    text = refused_path(job.folder, at).read_text(encoding="utf-8-sig")
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    return [(row["refused_row"], row["refused_because"]) for row in rows]


@pytest.mark.both_databases
def test_every_row_of_a_claim_with_a_refused_row_is_left_out(try_migration):
    job = try_migration(OPENED + BROKEN + of("W2", OPENED, PAID))
    outcome = job.outcome

    load(job, leaves_refused=True)

    [record] = db.session.scalars(select(Import))
    assert claim_by_reference("W1") is None
    assert claim_by_reference("W2").paid == 40
    assert (counts(outcome), outcome.refusal_count, outcome.refused_claims) == ((4, 0, 0, 3), 1, 1)
    assert (record.claims_left_out, record.refused, record.entries) == (1, 3, 2)
    assert (book_size(), list(disagreements())) == ((1, 2), [])
    assert outcome.warnings == ("These claims are refused: W1.",)


def test_what_is_left_out_is_in_the_files_of_refused_rows(try_migration):
    job = try_migration(OPENED + BROKEN + of("W2", OPENED))

    assert refused_rows(job, 1) == [("2", LEFT_OUT)]
    (opened, because), (broken, refusal) = refused_rows(job, 2)
    assert (opened, because, broken) == ("2", LEFT_OUT, "3")
    assert refusal.startswith("entry_type: Claim W1: The outstanding amount cannot go below zero.")
    assert not refused_path(job.folder, 0).exists()


def test_a_refused_claim_takes_its_ledger_with_it(try_migration):
    job = try_migration(
        OPENED + of("W2", OPENED.replace("03-02,", "03-01,")),
        claims=WATER.replace("H1", "H9") + of("W2", WATER),
    )

    load(job, leaves_refused=True)

    assert refused_rows(job, 2) == [("2", LEFT_OUT)]
    assert (claim_totals().claims, claim_by_reference("W2").outstanding) == (1, 100)
    assert job.outcome.warnings[0].endswith("dated before the claim was reported: W2.")


def test_claims_on_a_refused_policy_are_left_out_with_it(try_migration):
    job = try_migration(
        OPENED + of("W2", OPENED),
        claims=WATER.replace("H1", "H2") + of("W2", WATER),
        policies=HOME + HOME.replace("H1", "H2").replace("2025", "2023"),
    )

    load(job, leaves_refused=True)

    assert policy_by_number("H2") is None
    assert claim_by_reference("W1") is None
    assert (claim_totals().claims, job.outcome.refused_claims) == (1, 1)


def test_an_exception_of_a_claim_that_is_left_out_is_not_listed(try_migration):
    early = OPENED.replace("03-02,", "03-01,")

    job = try_migration(early + BROKEN + of("W2", OPENED))

    assert job.outcome.warnings == ("These claims are refused: W1.",)


def test_nothing_is_loaded_without_the_choice(try_migration):
    job = try_migration(OPENED + BROKEN + of("W2", OPENED))

    with pytest.raises(ImportRefused, match="choose to leave their claims out whole"):
        load(job)

    assert claim_totals().claims == 0


@pytest.mark.parametrize("row", [OPENED.replace("W1", ""), "W1,PAYMENT,too few\n"])
def test_a_refused_row_that_names_no_claim_cannot_be_left_out(try_migration, row):
    job = try_migration(OPENED + row)
    job.update_request(is_confirmed=True, leaves_refused=True)

    with pytest.raises(ImportRefused, match="names no claim"):
        load_import(job)

    assert claim_totals().claims == 0


def test_a_corrected_claim_is_loaded_later(try_migration):
    load(try_migration(OPENED + BROKEN + of("W2", OPENED)), leaves_refused=True)

    again = try_migration(OPENED + PAID + of("W2", OPENED))
    load(again)

    assert counts(again.outcome) == (3, 0, 3, 0)
    assert claim_by_reference("W1").paid == 40


def test_the_command_asks_for_the_choice_by_name(runner, tmp_path):
    paths = files_of(
        tmp_path,
        policies=POLICIES + HOME,
        claims=CLAIMS + WATER + of("W2", WATER),
        ledger=LEDGER + OPENED + BROKEN + of("W2", OPENED),
    )
    arguments = ["import", "--migration", *map(str, paths)]
    refused = tmp_path / "refused.csv"

    asked = runner.invoke(args=[*arguments, "--good-rows"])
    loaded = runner.invoke(args=[*arguments, "--leave-out-claims", "--refused", str(refused)])

    assert asked.exit_code == 3
    assert "ledger.csv, row 3, entry_type “PAYMENT”: Claim W1: The outstanding" in asked.output
    assert asked.output.endswith(
        "Error: Nothing was imported: no row of the migration is in the book.\n"
        "Some rows are refused. Correct them, or choose to leave "
        "their claims out whole.\n"
    )
    assert "These claims are refused: W1.\n" in loaded.output
    assert "Loaded as import 1." in loaded.output
    assert LEFT_OUT in (tmp_path / "refused-claims.csv").read_text(encoding="utf-8-sig")
