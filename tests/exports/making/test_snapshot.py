import multiprocessing
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, text
from werkzeug.datastructures import MultiDict

from flaskr.claims.models import Claim
from flaskr.exports.parameters import FileRequest, file_request
from flaskr.exports.services import MAKE_FILE, export_task
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.processes.isolation import Limits, run_isolated
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.exports.reading import add_claims, csv_frame, parquet_frame
from tests.factories import make_claim, pay, reserve

pytestmark = pytest.mark.both_databases

MANY = 140_000  # more than is read ahead


def request_for(**parameters: str) -> FileRequest:
    return file_request(Contents.CLAIMS, MultiDict(parameters))


class Interruption:
    """Commits ten paid claims while the isolated process is paused."""

    def __init__(self, folder: Path) -> None:
        self.wal = folder / f"{BOOK_FILE}-wal"
        self.happened = False
        self.wal_size = 0

    def __call__(self, progress: tuple[int, int | None]) -> None:
        if self.happened:
            return
        self.happened = True
        (process,) = multiprocessing.active_children()
        os.kill(process.pid, signal.SIGSTOP)
        for _ in range(10):
            claim = make_claim()
            reserve(claim, "100.00")
            pay(claim, "40.00")
        db.session.commit()
        if self.wal.exists():
            self.wal_size = self.wal.stat().st_size
        os.kill(process.pid, signal.SIGCONT)


def test_a_commit_while_a_file_is_made_is_not_in_the_file_and_stays_in_the_book(
    session, book_settings, tmp_path
):
    add_claims(MANY)
    interruption = Interruption(book_settings.instance_folder)

    facts = run_isolated(
        MAKE_FILE,
        export_task(request_for(format="parquet"), tmp_path / "file"),
        limits=Limits(60, 2 * 1024**3),
        on_progress=interruption,
    )

    assert interruption.happened
    assert facts.rows == len(parquet_frame((tmp_path / "file").read_bytes())) == MANY
    assert facts.totals["paid"] == Decimal("0.00")
    if db.engine.dialect.name == "sqlite":
        assert interruption.wal.stat().st_size >= interruption.wal_size > 0
    db.session.rollback()
    db.engine.dispose()
    paid = db.session.execute(select(func.count(), func.sum(Claim.paid))).one()
    assert paid == (MANY + 10, Decimal("400.00"))
    if db.engine.dialect.name == "sqlite":
        assert db.session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_each_file_made_while_others_write_is_consistent(app, client, session):
    # Takes seconds: every format is made while a thread posts payments.
    claims = [make_claim() for _ in range(5)]
    for claim in claims:
        reserve(claim, "1000.00")
    session.commit()
    stop = Event()

    def write() -> None:
        with app.app_context():
            while not stop.is_set():
                for claim in claims:
                    pay(db.session.get(Claim, claim_ids[claim]), "0.01")
                    db.session.commit()

    claim_ids = {claim: claim.id for claim in claims}
    session.rollback()
    writer = Thread(target=write)
    writer.start()
    try:
        bodies = [client.get("/export_claims") for _ in range(6)]
    finally:
        stop.set()
        writer.join()

    assert [body.status_code for body in bodies] == [200] * 6
    frames = [csv_frame(body.data) for body in bodies]
    assert {frame["claim_cost"].sum() for frame in frames} == {Decimal("5000.00")}
    assert all((f["paid"] + f["outstanding"] == f["claim_cost"]).all() for f in frames)
    assert frames[0]["paid"].sum() < frames[-1]["paid"].sum()


ONLY_ONE_SQLITE = """
import sys
from dataclasses import replace
from pathlib import Path
from flaskr import create_app
from flaskr.settings import Settings

settings = Settings(instance_folder=Path(sys.argv[1]), book_access="open", secret_key="tests")
client = create_app(settings).test_client()
client.get("/claims")
for address in ("/export_claims", "/export_claims?format=parquet"):
    assert client.get(address, buffered=True).status_code == 200
mapped = {line.split()[-1] for line in open("/proc/self/maps") if "/" in line}
foreign = ("adbc", "duckdb", "connectorx", "apsw", "arrow")
print(sorted(path for path in mapped if any(name in path.rpartition("/")[2] for name in foreign)))
print(len({path for path in mapped if "libsqlite3" in path}))
print(sorted({"pandas", "pyarrow", "numpy"} & set(sys.modules)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_the_web_process_loads_only_one_sqlite_library(book_settings):
    # A second library would release the first one's file locks, and committed rows could be lost.
    command = [sys.executable, "-W", "error", "-c", ONLY_ONE_SQLITE]
    done = subprocess.run(
        [*command, str(book_settings.instance_folder)],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    foreign, sqlite_libraries, heavy = done.stdout.splitlines()
    assert foreign == "[]"
    assert int(sqlite_libraries) <= 1  # none when Python has it built in
    assert heavy == "[]"


def test_the_isolated_process_cannot_write_the_book(session, tmp_path):
    order = export_task(request_for(), tmp_path / "file")

    refused = run_isolated(
        "tests.exports.isolated_attempt:write_the_book",
        order.address,
        limits=Limits(20, 1024**3),
    )

    assert "read" in refused  # "a readonly database", "in a read-only transaction"
