"""How long pages take over a large book, and what an as-at date costs against today.

    python -m tests.benchmarks.pages --claims 1000000 --database both

Pages: one gunicorn worker, one client with a persistent connection, the pages in turns. As at
dates: the same columns, with and without those of the policies, every row fetched by the database's
own driver. Middle: half-way through the book's life. End: every entry counts.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Select, func, select

from flaskr import create_app
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.row_queries import claim_rows
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.settings import Settings
from flaskr.values.as_at import Basis, Valuation
from tests.postgres import PostgresServer, find_binaries

ENVIRONMENT = {"BOOK_ACCESS": "open", "LOG_LEVEL": "WARNING"}


@contextmanager
def serving(settings: Settings, port: int) -> Iterator[None]:
    environment = {
        **os.environ,
        **ENVIRONMENT,
        "INSTANCE_FOLDER": str(settings.instance_folder),
        "DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "4", "-w", "1"]
    command += ["-b", f"127.0.0.1:{port}", "--log-level", "error", "flaskr:create_app()"]
    server = subprocess.Popen(command, env=environment)
    try:
        for _ in range(100):
            time.sleep(0.1)
            try:
                fetch(http.client.HTTPConnection("127.0.0.1", port), "/healthz")
                break
            except OSError:
                continue
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def fetch(connection: http.client.HTTPConnection, path: str) -> float:
    start = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise SystemExit(f"{path} answered {response.status}")
    return time.perf_counter() - start


def page_table(settings: Settings, name: str, rounds: int, port: int) -> list[str]:
    claim, policy = sample(settings)
    year_ago = date.today() - timedelta(days=365)  # noqa: DTZ011
    pages = {
        "/": "/",
        "/claims, first page": "/claims",
        "/claims, last page": "/claims?page=last",
        "/claims of one status": "/claims?status=open",
        "/claims, a year ago, known": f"/claims?as_at={year_ago}",
        "/claims, a year ago, booked": f"/claims?as_at={year_ago}&basis=booked",
        "/policies, last page": "/policies?page=last",
        "a claim's page": f"/claims/{claim}",
        "a policy's page": f"/policies/{policy}",
    }
    times: dict[str, list[float]] = {page: [] for page in pages}
    with serving(settings, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for path in pages.values():
            fetch(connection, path)
        for _ in range(rounds):
            for page, path in pages.items():
                times[page].append(fetch(connection, path) * 1000)
    return [
        f"| {name} | {page} | {statistics.median(ms):.1f} ms | {percentile(ms, 95):.1f} ms |"
        for page, ms in times.items()
    ]


def percentile(values: list[float], rank: int) -> float:
    return statistics.quantiles(values, n=100)[rank - 1]


def sample(settings: Settings) -> tuple[str, str]:
    """A claim and a policy from the middle of the book."""
    app = create_app(settings)
    with app.app_context(), transaction_mode("read"):
        middle = db.session.scalar(select(func.max(Claim.id))) // 2
        row = db.session.execute(
            select(Claim.claim_reference, Policy.policy_number)
            .join(Policy, Policy.id == Claim.policy_id)
            .where(Claim.id >= middle)
            .order_by(Claim.id)
            .limit(1)
        ).one()
        db.session.remove()
        db.engine.dispose()
    return row.claim_reference, row.policy_number


def fetch_all(statement) -> tuple[float, int]:
    """Seconds to fetch every row with the driver alone, and how many there were."""
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    with transaction_mode("read"), db.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        cursor = connection.connection.cursor()
        start = time.perf_counter()
        cursor.execute(str(compiled))
        rows = sum(len(some) for some in iter(lambda: cursor.fetchmany(10_000), []))
        seconds = time.perf_counter() - start
        cursor.close()
    return seconds, rows


def as_at_table(settings: Settings, name: str, rounds: int) -> list[str]:
    app = create_app(settings)
    with app.app_context():
        with transaction_mode("read"):
            first, last = db.session.execute(
                select(
                    func.min(LedgerEntry.transaction_date), func.max(LedgerEntry.transaction_date)
                )
            ).one()
            db.session.remove()
        sides: dict[tuple[str, bool], Select] = {}
        for with_policy in (False, True):
            sides["today", with_policy] = claim_rows(with_policy=with_policy)
            for where, day in as_at_dates(first, last).items():
                for basis in Basis:
                    rows = claim_rows(Valuation(day, basis), with_policy=with_policy)
                    sides[f"{where}, {basis}", with_policy] = rows
        times: dict[tuple[str, bool], list[float]] = {side: [] for side in sides}
        counts = {}
        for _ in range(rounds):
            for side, statement in sides.items():
                seconds, counts[side] = fetch_all(statement)
                times[side].append(seconds)
        db.engine.dispose()
    seconds = {side: statistics.median(runs) for side, runs in times.items()}
    return [
        f"| {name} | {valuation} | {'yes' if with_policy else 'no'} "
        f"| {counts[valuation, with_policy]:,} "
        f"| {median:.2f} s | {median / seconds['today', with_policy]:.2f} |"
        for (valuation, with_policy), median in seconds.items()
    ]


def as_at_dates(first: date, last: date) -> dict[str, date]:
    """The as-at dates, from the dates of the first and the last entry."""
    return {
        "end": last,
        "a month before": last - timedelta(days=31),
        "a year before": last - timedelta(days=365),
        "middle": date.fromordinal((first.toordinal() + last.toordinal()) // 2),
    }


def fill(settings: Settings, claims: int) -> None:
    environment = {
        **os.environ,
        **ENVIRONMENT,
        "INSTANCE_FOLDER": str(settings.instance_folder),
        "DATABASE_URL": settings.database_url,
    }
    flask = [sys.executable, "-m", "flask", "-A", "flaskr:create_app"]
    if settings.database_url:
        subprocess.run([*flask, "db", "upgrade"], env=environment, check=True)
    policies = str(max(claims // 5, 1))
    command = [*flask, "demo", "fill", "--policies", policies, "--claims", str(claims)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def books(folder: Path, database: str) -> Iterator[tuple[str, Settings]]:
    if database in ("sqlite", "both"):
        (folder / "sqlite").mkdir()
        yield "SQLite", Settings(instance_folder=folder / "sqlite", book_access="open")
    if database in ("postgresql", "both"):
        (folder / "postgresql").mkdir()
        binaries = find_binaries()
        if binaries is None:
            raise SystemExit("PostgreSQL is not installed.")
        server = PostgresServer(binaries)
        server.start()
        try:
            url = server.url("postgres")
            yield (
                "PostgreSQL",
                Settings(
                    instance_folder=folder / "postgresql", database_url=url, book_access="open"
                ),
            )
        finally:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--rounds", type=int, default=100, help="requests a page")
    parser.add_argument("--as-at-rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=5077)
    options = parser.parse_args()
    pages, as_at = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, settings in books(Path(folder), options.database):
            fill(settings, options.claims)
            pages += page_table(settings, name, options.rounds, options.port)
            as_at += as_at_table(settings, name, options.as_at_rounds)
    print("| database | page | median | p95 |\n|---|---|---|---|", *pages, sep="\n")
    print(
        "\n| database | as at | with policies | claims | seconds | to today |",
        "|---|---|---|---|---|---|",
        *as_at,
        sep="\n",
    )


if __name__ == "__main__":
    main()
