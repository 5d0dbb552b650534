"""How long files of claims take, against the databases' own tools, DuckDB and plain pandas, and
what an as-at date costs against today.

    python -m tests.benchmarks.exports --claims 1000000 --runs 5 --database both

Ours is the whole request: gunicorn with one gthread worker, curl writing the file to the same disk,
each file generated again. The others run the same select and write the same decimals there;
`sqlite3` and `psql` are whole commands, DuckDB and pandas without starting Python and importing.
The sides take turns; medians. DuckDB reads the database with its scanner extension, a package:

    pip install duckdb-extension-sqlite-scanner==1.5.5 duckdb-extension-postgres-scanner==1.5.5

into any environment that has that DuckDB; its Python is then given with --duckdb-python.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg

from flaskr.demo.commands import LAST_DAY
from flaskr.settings import BOOK_FILE
from tests.benchmarks.exports_others import POSTGRESQL, SQLITE
from tests.benchmarks.exports_web import Web
from tests.postgres import PostgresServer, find_binaries

FLASK = [sys.executable, "-m", "flask", "-A", "flaskr:create_app"]
OTHERS = Path(__file__).with_name("exports_others.py")
SLOW_RUNS = 3  # of plain pandas, which takes minutes otherwise


@dataclass
class Bench:
    """One database, filled: its name, its address, and where files go."""

    name: str
    book: str
    folder: Path
    web: Web
    duckdb_python: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def native(self) -> float:
        """The database's own tool writing CSV."""
        target = self.folder / "native.csv"
        start = time.perf_counter()
        if self.name == "SQLite":
            with target.open("wb") as file:
                command = ["sqlite3", "-csv", "-header", "-readonly", self.book, SQLITE]
                subprocess.run(command, check=True, stdout=file)
        else:
            copy = f"\\copy ({POSTGRESQL}) TO '{target}' CSV HEADER"
            subprocess.run(["psql", "-q", self.book, "-c", copy], check=True)
        return time.perf_counter() - start

    def other(self, name: str, python: str = sys.executable) -> float | None:
        target = self.folder / f"other.{name.rpartition('_')[2]}"
        command = [python, str(OTHERS), name, self.book, str(target)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode == 3:
            return None  # no scanner extension there
        done.check_returncode()
        return float(done.stdout)

    def measure(self, runs: int) -> list[str]:
        """Let the sides take turns; return the rows of the table."""
        first = self.ours("format=csv")
        idle = self.web.worker_bytes
        dated = self.dated_queries()
        for run in range(runs):
            sides = {
                "format=csv": lambda: self.ours("format=csv"),
                "native": self.native,
                "format=parquet": lambda: self.ours("format=parquet"),
                "duckdb": lambda: self.other("duckdb_parquet", self.duckdb_python),
                "format=arrow": lambda: self.ours("format=arrow"),
                "duckdb arrow": lambda: self.other("duckdb_arrow", self.duckdb_python),
                **{query: partial(self.ours, query) for query in dated},
            }
            if run < SLOW_RUNS:
                sides["pandas csv"] = lambda: self.other("pandas_csv")
                sides["pandas parquet"] = lambda: self.other("pandas_parquet")
            for side, work in sides.items():
                if (seconds := work()) is not None:
                    self.seconds[side].append(seconds)
        tool = "sqlite3 -csv" if self.name == "SQLite" else "psql \\copy"
        return [
            self.row("CSV", "format=csv", tool, "native"),
            self.row("Parquet", "format=parquet", "DuckDB reading the same database", "duckdb"),
            self.row("Arrow", "format=arrow", "DuckDB reading the same database", "duckdb arrow"),
            self.row("CSV", "format=csv", "read_sql().to_csv", "pandas csv"),
            self.row("Parquet", "format=parquet", "read_sql().to_parquet", "pandas parquet"),
            *(self.row(f"CSV, {dated[q]}", q, "CSV, now", "format=csv") for q in dated),
            f"\n{self.name}: peak memory of the export process {self.peak('format=csv')} (CSV), "
            f"{self.peak('format=parquet')} (Parquet), {self.peak(*dated)} (as at); web process "
            f"{idle / 1e6:.0f} MB before, {self.web.worker_bytes / 1e6:.0f} MB after; first "
            f"request of a worker {first:.2f} s.",
        ]

    def ours(self, query: str) -> float:
        return self.web.download(query, self.folder / "ours")

    def peak(self, *queries: str) -> str:
        return f"{max(self.web.peaks[query] for query in queries) / 1e6:.0f} MB"

    def dated_queries(self) -> dict[str, str]:
        """The queries as at a date: at the end of the book's life, a month before, half-way."""
        last = LAST_DAY
        days = {
            "its end": last,
            "a month before": last - timedelta(days=31),
            "half-way": last - timedelta(days=7 * 365 // 2),
        }
        return {
            f"format=csv&as_at={day}&basis={basis}": f"{where}, {basis}"
            for where, day in days.items()
            for basis in ("known", "booked")
        }

    def row(self, file_format: str, ours: str, tool: str, other: str) -> str:
        mine = statistics.median(self.seconds[ours])
        if not self.seconds[other]:
            return f"| {self.name} | {file_format} | {mine:.2f} s | {tool} | not available | |"
        theirs = statistics.median(self.seconds[other])
        return (
            f"| {self.name} | {file_format} | {mine:.2f} s | {tool} | {theirs:.2f} s "
            f"| {mine / theirs:.2f} |"
        )


def environment(folder: Path, url: str = "") -> dict[str, str]:
    return {
        **os.environ,
        "INSTANCE_FOLDER": str(folder),
        "DATABASE_URL": url,
        "BOOK_ACCESS": "open",
        "SECRET_KEY": "benchmark" * 4,
    }


def measured(options: argparse.Namespace, name: str, folder: Path, url: str = "") -> list[str]:
    """Fill a book and measure its exports."""
    settings = environment(folder / name, url)
    if url:  # a server's schema is a separate step
        subprocess.run([*FLASK, "db", "upgrade"], check=True, env=settings, capture_output=True)
    claims, policies = str(options.claims), str(options.policies)
    fill = [*FLASK, "demo", "fill", "--claims", claims, "--policies", policies]
    subprocess.run(fill, check=True, env=settings, stdout=subprocess.DEVNULL)
    web = Web(settings)
    web.start()
    try:
        book = url or str(folder / name / BOOK_FILE)
        return Bench(name, book, folder, web, options.duckdb_python).measure(options.runs)
    finally:
        web.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--policies", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--duckdb-python", default=sys.executable)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="claimbook-exports-") as name:
        if options.database != "postgresql":
            rows += measured(options, "SQLite", Path(name))
        if options.database != "sqlite" and (binaries := find_binaries()):
            server = PostgresServer(binaries)
            try:
                server.start()
                with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                    connection.execute("CREATE DATABASE book TEMPLATE template0")
                rows += measured(options, "PostgreSQL", Path(name), server.url("book"))
            finally:
                server.stop()
    print(f"{options.claims:,} claims, {options.policies:,} policies, medians of {options.runs}:\n")
    print(
        "| database | file | ours | other | its time | ratio |",
        "|---|---|---|---|---|---|",
        sep="\n",
    )
    print(*sorted(rows, key=lambda row: not row.startswith("|")), sep="\n")


if __name__ == "__main__":
    main()
