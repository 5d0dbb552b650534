import pytest

from flaskr.claims.queries import claim_by_reference
from flaskr.extensions import db
from flaskr.imports.loading.services import loaded_from_book, record_finished_loading
from flaskr.imports.services import try_import
from flaskr.imports.tasks import refused_path
from tests.factories import make_policy
from tests.imports.importing import COSTS, load, register

MAPPED = ("Ärende", "Summa", "cause")


def test_refused_rows_of_a_file_that_was_mapped_need_no_mapping(importing):
    job = importing.job(
        MAPPED,
        ["A-1", "1e3", "nonsense"],
        columns={"Ärende": "claim_reference", "Summa": "claim_cost", "cause": ""},
        constants={"loss_date": "2024-03-01"},
    )
    refused = refused_path(job.folder, 0)
    mended = refused.read_text(encoding="utf-8-sig").replace("1e3", "1000")
    refused.write_text(mended, encoding="utf-8-sig")

    again = register(refused)
    outcome = try_import(again)
    load(again)

    assert mended.splitlines()[0].startswith(
        "claim_reference;claim_cost;cause (left out);loss_date"
    )
    assert (outcome.count("created"), outcome.count("refused")) == (1, 0)
    assert str(claim_by_reference("A-1").loss_date) == "2024-03-01"
    assert claim_by_reference("A-1").cause is None


def test_refused_rows_of_several_files_are_written_to_separate_files(runner, tmp_path):
    (tmp_path / "c.csv").write_text(
        "claim_reference,policy_number,loss_date,reported_date\nA?1,,,\n", encoding="utf-8"
    )
    (tmp_path / "l.csv").write_text(
        "claim,type,txn_date,recorded_at,paid,os,rec\nB-1,PAYMENT,2024-01-01,x,1,0,0\n",
        encoding="utf-8",
    )
    files = [str(tmp_path / "c.csv"), str(tmp_path / "l.csv")]
    told = ["--refused", str(tmp_path / "mend.csv"), "--dry-run"]

    done = runner.invoke(args=["import", "--migration", *files, *told])

    assert "mend-claims.csv" in done.output
    assert "A?1" in (tmp_path / "mend-claims.csv").read_text(encoding="utf-8-sig")
    assert "B-1" in (tmp_path / "mend-ledger.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("loss", ["2023-12-31", "2025-01-01"])
def test_new_claims_that_are_not_covered_are_accepted_with_a_warning(importing, loss):
    make_policy(policy_number="H-1")
    titles = ("claim_reference", "policy_number", "loss_date", "claim_cost")

    outcome = importing.dry_run(
        titles, ["A-1", "H-1", loss, 5], ["A-2", "H-1", loss, 0], ["A-3", "H-1", "2024-01-01", 5]
    )

    assert outcome.count("created") == 3
    assert outcome.warnings == (
        "These claims are accepted, though the policy was not in force at the loss: A-1.",
    )


def test_an_import_in_the_book_is_marked_as_loaded_after_an_interruption(importing):
    job = importing.job(COSTS, ["A-1", 5])
    loaded = load(job)
    job.delete_files("loaded.json")

    found = loaded_from_book(job)
    record_finished_loading(job)

    assert found == loaded
    assert job.import_id == loaded.import_id
    assert loaded_from_book(importing.job(COSTS, ["A-2", 5])) is None
    db.session.rollback()
