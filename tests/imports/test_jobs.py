import io
import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.job_folders import (
    FileTooLarge,
    delete_old_jobs,
    job_named,
    jobs_under_way,
    printable_file_name,
)
from flaskr.imports.jobs import JobBusy, NoSuchJob, Stage
from flaskr.imports.services import jobs_folder, receive_uploads, try_import
from flaskr.imports.tasks import ImportRefused
from tests.factories import make_claim
from tests.imports.importing import COSTS, load, register

TEXT = b"claim,cost\nA,1\n"


def received(content: bytes = TEXT, name: str = "claims.csv", **how):
    db.session.commit()
    return receive_uploads([(name, io.BytesIO(content))], actor="kim", **how)


def test_an_upload_goes_through_its_stages(sqlite_importing):
    job = received()

    seen = [job.stage]
    with job.lock():
        seen.append(job.stage)
        job.update_request(is_confirmed=True)
        seen.append(job.stage)
    job.update_request(is_confirmed=False)
    try_import(job)
    seen.append(job.stage)
    loaded = load(job)
    seen.append(job.stage)

    assert seen == [
        *(Stage.INTERRUPTED, Stage.READING, Stage.LOADING, Stage.READY),
        Stage.LOADED,
    ]
    assert (job.import_id, job.request.actor) == (loaded.import_id, "kim")


def test_a_file_without_a_required_column_needs_a_mapping(sqlite_importing):
    job = received(b"Ref,cost\nA,1\n")
    try_import(job)
    stage = job.stage
    with pytest.raises(ImportRefused, match="Some columns are not decided"):
        load(job)

    job.update_request(files=({**job.request.files[0], "columns": {"Ref": "claim_reference"}},))
    try_import(job)

    assert (stage, job.stage) == (Stage.MAPPING, Stage.READY)


def test_the_reason_why_a_file_is_refused_is_stored(sqlite_importing):
    job = received(b"PK\x03\x04 cut")

    with pytest.raises(ClaimBookError) as refused:
        try_import(job)

    assert (job.stage, job.refusal_text) == (Stage.REFUSED, str(refused.value))


def test_a_locked_import_refuses_other_work(sqlite_importing):
    job = received()
    try_import(job)

    with job.lock(), pytest.raises(JobBusy):
        try_import(job)

    assert job.stage is Stage.READY


def test_an_upload_that_is_too_large_is_refused_and_deleted(sqlite_importing, sqlite_app):
    sqlite_app.config["IMPORT_BYTES"] = 1024**2

    with pytest.raises(FileTooLarge, match="over 1 MB"):
        received(bytes(1024**2 + 1))

    assert [path.name for path in jobs_folder().rglob("file-*")] == []


def test_files_are_deleted_after_thirty_days_unless_locked(sqlite_importing):
    old, busy, new = received(), received(), received()
    month = (datetime.now(UTC) - timedelta(days=30, minutes=1)).timestamp()
    for job in (old, busy):
        (job.folder / "work.lock").touch()
        os.utime(job.folder, (month, month))

    with busy.lock():
        os.utime(busy.folder, (month, month))
        delete_old_jobs(jobs_folder())

    assert {job.name for job in jobs_under_way(jobs_folder())} == {busy.name, new.name}
    with pytest.raises(NoSuchJob, match="30 days"):
        job_named(jobs_folder(), old.name)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "0" * 15, "g" * 16, "0" * 16])
def test_an_unknown_import_name_is_not_found(sqlite_importing, name):
    with pytest.raises(NoSuchJob):
        job_named(jobs_folder(), name)


def test_imports_in_progress_are_newest_first_without_loaded_ones(sqlite_importing):
    first = received()
    time.sleep(0.001)
    second = received()
    try_import(first)
    before = [job.name for job in jobs_under_way(jobs_folder())]

    load(first)

    assert before == [second.name, first.name]
    assert [job.name for job in jobs_under_way(jobs_folder())] == [second.name]


def test_a_confirmation_names_the_outcome_it_was_made_on(sqlite_importing):
    job = sqlite_importing.job(COSTS, ["A", 1])
    shown = job.outcome_digest
    make_claim(claim_reference="A")
    db.session.commit()

    try_import(job)

    assert len(shown) == 32
    assert job.outcome_digest != shown


def test_the_result_of_a_dry_run_survives_json(sqlite_importing):
    job = sqlite_importing.job(
        (*COSTS, "x"), ["A", 1, ""], ["B", "-", ""], constants={"cause": "fire"}
    )

    assert DryRun.from_json(job.outcome.to_json()) == job.outcome


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a.csv", "a.csv"), ("Å.csv", "Å.csv"), ("a\0\n\udcff.csv", "a\ufffd\ufffd\ufffd.csv")],
)
def test_unprintable_characters_of_a_file_name_are_replaced(name, kept):
    assert printable_file_name(name) == kept
    assert len(printable_file_name(name * 100)) == 200


def test_progress_is_reported_while_rows_are_read_and_written(sqlite_importing):
    said = []
    job = received()

    try_import(job, said.append)

    assert [(each.what, each.rows) for each in said] == [("claims.csv", 1), ("book", 0)]


def test_a_file_that_changes_while_it_is_read_is_refused(sqlite_importing):
    path = sqlite_importing.write(COSTS, ["A-1", 100])
    job = register(path)
    path.write_text("Claim Reference,Claim Cost\nA-1,999\n", encoding="utf-8")

    with pytest.raises(ImportRefused, match="claims.csv was changed while it was read"):
        try_import(job)

    assert job.stage is Stage.REFUSED


def test_old_folders_are_deleted_when_the_application_starts(importing, make_app, book_settings):
    job = importing.job(COSTS, ["A-1", 100])
    old = time.time() - 31 * 24 * 3600
    os.utime(job.folder, (old, old))

    make_app(book_settings)

    assert not job.folder.exists()
