"""Killed imports: the file is in the book completely or not at all, and can be loaded again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import String, cast, func, select

from flaskr.audit.models import Action, AuditEvent
from flaskr.book.periods import NOT_LIVE
from flaskr.claims.check.services import disagreements
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile
from flaskr.imports.jobs import Job
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.settings import PROJECT_FOLDER
from tests.imports.importing import COSTS, counts, load, write_file

pytestmark = pytest.mark.slow

ROWS = 20_000
POINTS = int(os.environ.get("KILL_POINTS", "2"))  # for each database and victim


def command(settings, path: Path) -> subprocess.Popen:
    """`flask import` in its own process group."""
    env = {**os.environ, "INSTANCE_FOLDER": str(settings.instance_folder)}
    env |= {"BOOK_ACCESS": "open", "DATABASE_URL": settings.database_url or ""}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "-A", "flaskr:create_app", "import", str(path)],
        cwd=PROJECT_FOLDER,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def dry_run_process(settings, folder: Path, point: str) -> subprocess.Popen:
    """An import that has just made its dry run and begins to load."""
    path = write_file(folder / f"{point}.csv", COSTS, *((f"{point}-{n}", 7) for n in range(ROWS)))
    process = command(settings, path)
    said = process.stdout.readline()
    assert f"{ROWS} created (claim cost {7 * ROWS}.00 SEK)" in said
    return process


def parents(group: int) -> dict[int, int]:
    """The processes of a group, each with its parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            found[int(stat.parent.name)] = int(fields[1])
    return found


def kill_worker(process: subprocess.Popen) -> None:
    """Kill the isolated process only: the child of the command's fork server."""
    family = parents(process.pid)
    helpers = {pid for pid, parent in family.items() if parent == process.pid}
    for pid, parent in family.items():
        if parent in helpers:
            os.kill(pid, signal.SIGKILL)


def kill_all(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def loaded(point: str) -> tuple[int, int, int, int]:
    """How many claims, entries and imports of a file are in the book, and events in the trail."""
    is_of = Claim.claim_reference.startswith(f"{point}-")
    entries = select(func.count()).select_from(LedgerEntry).join(Claim).where(is_of)
    files = select(func.count()).select_from(ImportFile).join(Import)
    is_file = ImportFile.file_name == f"{point}.csv"
    found = (
        db.session.scalar(select(func.count()).select_from(Claim).where(is_of)),
        db.session.scalar(entries),
        db.session.scalar(files.where(is_file)),
        db.session.scalar(
            select(func.count(AuditEvent.id)).where(
                AuditEvent.action == Action.IMPORT_LOADED,
                AuditEvent.subject.in_(
                    files.with_only_columns(cast(Import.id, String)).where(is_file)
                ),
            )
        ),
    )
    db.session.remove()
    return found


def confirm_again(settings, point: str, had: bool) -> None:
    """Load a killed import again; there is nothing to load when it was committed."""
    jobs = [Job(folder) for folder in (settings.instance_folder / "jobs").iterdir()]
    [job] = [job for job in jobs if job.request.files[0]["name"] == f"{point}.csv"] or [None]
    if job is None:  # it was killed after it had deleted the job
        assert had
        return
    if had:
        with pytest.raises(PlanOutdated):
            load(job)
        assert counts(job.outcome) == (0, 0, ROWS, 0)
    else:
        load(job)
    job.remove()


@pytest.mark.parametrize("kill", [kill_all, kill_worker])
def test_a_killed_import_is_in_the_book_completely_or_not_at_all(
    session, book_settings, tmp_path, kill
):
    whole = dry_run_process(book_settings, tmp_path, "whole")
    began = time.monotonic()
    assert whole.stdout.readline() == "Loaded as import 1.\n"
    seconds, chance, outcomes = time.monotonic() - began, random.Random(kill.__name__), []
    assert whole.communicate() == (f"{NOT_LIVE}\n", None)
    assert loaded("whole") == (ROWS, ROWS, 1, 1)

    for point in (f"P{n}" for n in range(POINTS)):
        process = dry_run_process(book_settings, tmp_path, point)
        time.sleep(chance.uniform(0, 1.1 * seconds))
        kill(process)
        said, _ = process.communicate(timeout=120)
        found = loaded(point)
        outcomes.append(found[0])
        assert found in ((0, 0, 0, 0), (ROWS, ROWS, 1, 1))
        if process.returncode == 0:
            assert found[0], said
        elif kill is kill_worker:
            assert "The work stopped unexpectedly" in said
            with command(book_settings, tmp_path / f"{point}.csv") as again:
                assert ("Loaded as import" in again.communicate()[0]) == (not found[0])
            assert again.returncode == 0
        else:
            confirm_again(book_settings, point, had=found[0] > 0)
        assert loaded(point) == (ROWS, ROWS, 1, 1)

    assert list(disagreements()) == []
    print(f"{seconds:.2f} s to load; whole {outcomes.count(ROWS)}, none {outcomes.count(0)}")
