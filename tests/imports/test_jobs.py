import io
import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.dry_run_result import DryRun
from flaskr.imports.job_folders import FileTooLarge, job_named, jobs_under_way, sweep_jobs
from flaskr.imports.jobs import JobBusy, NoSuchJob, Stage
from flaskr.imports.services import jobs_folder, known_as, receive, try_import
from flaskr.imports.tasks import ImportRefused
from tests.factories import make_claim
from tests.imports.importing import COSTS, load, taken

TEXT = b"claim,cost\nA,1\n"


def received(content: bytes = TEXT, name: str = "claims.csv", **how):
    db.session.commit()
    return receive([(name, io.BytesIO(content))], actor="kim", **how)


def test_an_upload_goes_through_its_stages(on_sqlite):
    job = received()

    seen = [job.stage]
    with job.work():
        seen.append(job.stage)
        job.ask(is_confirmed=True)
        seen.append(job.stage)
    job.ask(is_confirmed=False)
    try_import(job)
    seen.append(job.stage)
    loaded = load(job)
    seen.append(job.stage)

    assert seen == [
        *(Stage.CUT_SHORT, Stage.READING, Stage.LOADING, Stage.SHOWN),
        Stage.LOADED,
    ]
    assert (job.loaded_as, job.asked.actor) == (loaded.import_id, "kim")


def test_a_file_that_lacks_a_column_waits_for_its_mapping(on_sqlite):
    job = received(b"Ref,cost\nA,1\n")
    try_import(job)
    stage = job.stage
    with pytest.raises(ImportRefused, match="A required column is missing"):
        load(job)

    job.ask(files=({**job.asked.files[0], "columns": {"Ref": "claim_reference"}},))
    try_import(job)

    assert (stage, job.stage) == (Stage.MAPPING, Stage.SHOWN)


def test_a_file_that_cannot_be_taken_keeps_why(on_sqlite):
    job = received(b"PK\x03\x04 cut")

    with pytest.raises(ClaimBookError) as refused:
        try_import(job)

    assert (job.stage, job.refused_because) == (Stage.REFUSED, str(refused.value))


def test_an_import_that_somebody_works_at_is_left_to_them(on_sqlite):
    job = received()
    try_import(job)

    with job.work(), pytest.raises(JobBusy):
        try_import(job)

    assert job.stage is Stage.SHOWN


def test_an_upload_that_is_too_large_is_refused_and_not_kept(on_sqlite, sqlite_app):
    sqlite_app.config["IMPORT_BYTES"] = 1024**2

    with pytest.raises(FileTooLarge, match="over 1 MB"):
        received(bytes(1024**2 + 1))

    assert [path.name for path in jobs_folder().rglob("file-*")] == []


def test_files_are_gone_after_thirty_days_unless_somebody_works_at_them(on_sqlite):
    old, busy, new = received(), received(), received()
    month = (datetime.now(UTC) - timedelta(days=30, minutes=1)).timestamp()
    for job in (old, busy):
        (job.folder / "work.lock").touch()
        os.utime(job.folder, (month, month))

    with busy.work():
        os.utime(busy.folder, (month, month))
        sweep_jobs(jobs_folder())

    assert {job.name for job in jobs_under_way(jobs_folder())} == {busy.name, new.name}
    with pytest.raises(NoSuchJob, match="30 days"):
        job_named(jobs_folder(), old.name)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "0" * 15, "g" * 16, "0" * 16])
def test_what_names_no_import_is_not_found(on_sqlite, name):
    with pytest.raises(NoSuchJob):
        job_named(jobs_folder(), name)


def test_imports_under_way_are_the_newest_first_and_without_those_loaded(on_sqlite):
    first = received()
    time.sleep(0.001)
    second = received()
    try_import(first)
    before = [job.name for job in jobs_under_way(jobs_folder())]

    load(first)

    assert before == [second.name, first.name]
    assert [job.name for job in jobs_under_way(jobs_folder())] == [second.name]


def test_a_confirmation_names_what_was_shown(on_sqlite):
    job = on_sqlite.job(COSTS, ["A", 1])
    shown = job.shown
    make_claim(claim_reference="A")
    db.session.commit()

    try_import(job)

    assert len(shown) == 32
    assert job.shown != shown


def test_what_a_dry_run_found_is_kept_as_it_was(on_sqlite):
    job = on_sqlite.job((*COSTS, "x"), ["A", 1, ""], ["B", "-", ""], constants={"cause": "fire"})

    assert DryRun.from_json(job.outcome.to_json()) == job.outcome


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a.csv", "a.csv"), ("Å.csv", "Å.csv"), ("a\0\n\udcff.csv", "a\ufffd\ufffd\ufffd.csv")],
)
def test_a_files_name_is_kept_as_far_as_it_can_be_shown(name, kept):
    assert known_as(name) == kept
    assert len(known_as(name * 100)) == 200


def test_progress_is_told_as_rows_are_read_and_written(on_sqlite):
    said = []
    job = received()

    try_import(job, said.append)

    assert [(each.what, each.rows) for each in said] == [("claims.csv", 1), ("book", 0)]


def test_a_file_that_changes_while_it_is_read_is_refused(on_sqlite):
    path = on_sqlite.write(COSTS, ["A-1", 100])
    job = taken(path)
    path.write_text("Claim Reference,Claim Cost\nA-1,999\n", encoding="utf-8")

    with pytest.raises(ImportRefused, match="claims.csv was changed while it was read"):
        try_import(job)

    assert job.stage is Stage.REFUSED


def test_old_folders_are_gone_when_the_application_starts(importing, make_app, book_settings):
    job = importing.job(COSTS, ["A-1", 100])
    old = time.time() - 31 * 24 * 3600
    os.utime(job.folder, (old, old))

    make_app(book_settings)

    assert not job.folder.exists()
