"""How long `flask demo fill` takes, against loading the same rows from CSV files.

    python -m tests.benchmarks.fill --claims 1000000 --database both

The other side has the rows ready in files, and loads them by `sqlite3 .import` and by `psql \\copy`
into the same tables with the same indexes, checks, triggers and cache, in one transaction, and runs
ANALYZE. `flask demo fill` is the whole command, including the start of Python.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from flaskr.settings import BOOK_FILE
from tests.postgres import PostgresServer, find_binaries

TABLES = ("policies", "policy_revisions", "claims", "claim_revisions", "ledger_entries", "counters")
FLASK = [sys.executable, "-m", "flask", "-A", "flaskr:create_app"]
EMPTY = "empty_book"


@dataclass
class Side:
    """The seconds of each round, and the most memory that a round's process had."""

    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def run(self, command: list[str], **options) -> None:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} failed")
        self.seconds.append(time.perf_counter() - start)
        self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * 1024)


@dataclass
class Bench:
    """One run: where it works, and the book that it makes."""

    folder: Path
    claims: int
    rounds: int

    @property
    def fill_command(self) -> list[str]:
        policies = str(max(self.claims // 5, 1))
        return [*FLASK, "demo", "fill", "--policies", policies, "--claims", str(self.claims)]

    def environment(self, folder: Path, url: str = "") -> dict[str, str]:
        settings = {"INSTANCE_FOLDER": str(folder), "DATABASE_URL": url}
        if url:
            settings |= {"BOOK_ACCESS": "open", "SECRET_KEY": "benchmark" * 4}
        return {**os.environ, **settings}

    def measure(self, name: str, fill: Callable[[Side], int], load: Callable[[Side], None]) -> str:
        """Let both sides take turns; return a row of the table."""
        filled, loaded = Side(), Side()
        for _ in range(self.rounds):
            entries = fill(filled)
            load(loaded)
        ours, floor = statistics.median(filled.seconds), statistics.median(loaded.seconds)
        return (
            f"| {name} | {self.claims:,} | {entries:,} | {ours:.1f} s | {floor:.1f} s "
            f"| {ours / floor:.2f} | {filled.peak_bytes / 1e6:,.0f} MB |"
        )


def sqlite_row(bench: Bench) -> str:
    """Measure the embedded book."""
    empty, filled, loaded = (bench.folder / name for name in (EMPTY, "filled", "loaded"))
    subprocess.run([*FLASK, "claims", "check"], check=True, env=bench.environment(empty))

    def fresh(folder: Path) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(empty, folder)
        return folder / BOOK_FILE

    def fill(side: Side) -> int:
        book = fresh(filled)
        side.run(bench.fill_command, env=bench.environment(filled))
        if not (bench.folder / "counters.csv").exists():
            for table in TABLES:
                query(book, f".output {bench.folder / table}.csv", f"SELECT * FROM {table}")
        return int(query(book, "SELECT count(*) FROM ledger_entries"))

    def load(side: Side) -> None:
        book = fresh(loaded)
        script = bench.folder / "load.sql"
        script.write_text("\n".join(sqlite_script(book, bench.folder)))
        with script.open() as commands:
            side.run(["sqlite3", "-bail", str(book)], stdin=commands)

    return bench.measure("SQLite", fill, load)


def query(book: Path, *commands: str) -> str:
    answer = subprocess.run(
        ["sqlite3", "-bail", "-csv", str(book), *commands],
        check=True,
        capture_output=True,
        text=True,
    )
    return answer.stdout.strip()


def sqlite_script(book: Path, files: Path, tables: tuple[str, ...] = TABLES) -> list[str]:
    """`.import` knows no NULL: rows come into a temporary table, and from there by one insert."""
    lines = ["PRAGMA foreign_keys=ON;", "PRAGMA synchronous=FULL;", "PRAGMA cache_size=-1048576;"]
    lines += [".mode csv", "BEGIN IMMEDIATE;"]
    for table in tables:
        described = query(book, f"SELECT name, \"notnull\" OR pk FROM pragma_table_info('{table}')")
        columns = [line.rsplit(",", 1) for line in described.splitlines()]
        selected = [name if needed == "1" else f"nullif({name}, '')" for name, needed in columns]
        lines += [
            f"CREATE TEMP TABLE ready_{table} AS SELECT * FROM {table} LIMIT 0;",
            f".import --schema temp {files / table}.csv ready_{table}",
            f"INSERT INTO {table} SELECT {', '.join(selected)} FROM ready_{table};",
            f"DROP TABLE ready_{table};",
        ]
    return [*lines, "ANALYZE;", "COMMIT;"]


def postgresql_row(bench: Bench, server: PostgresServer) -> str:
    """Measure on a temporary server."""
    psql = [str(server.binaries / "psql"), "-q", "-v", "ON_ERROR_STOP=1"]

    def fresh(name: str, template: str) -> str:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            connection.execute("CHECKPOINT")
        return server.url(name)

    environment = bench.environment(bench.folder / "instance", fresh(EMPTY, "template0"))
    subprocess.run([*FLASK, "db", "upgrade"], check=True, env=environment, capture_output=True)

    def fill(side: Side) -> int:
        url = fresh("filled", EMPTY)
        side.run(bench.fill_command, env=bench.environment(bench.folder / "instance", url))
        if not (bench.folder / "counters.copy").exists():
            for table in TABLES:
                copy = f"\\copy {table} TO '{bench.folder / table}.copy' CSV"
                subprocess.run([*psql, url, "-c", copy], check=True)
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT count(*) FROM ledger_entries").fetchone()[0]

    def load(side: Side) -> None:
        url = fresh("loaded", EMPTY)
        copies = [f"\\copy {table} FROM '{bench.folder / table}.copy' CSV" for table in TABLES]
        script = bench.folder / "load.psql"
        script.write_text("\n".join(["BEGIN;", *copies, "ANALYZE;", "COMMIT;"]))
        side.run([*psql, url, "-f", str(script)])

    return bench.measure("PostgreSQL", fill, load)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="claimbook-fill-") as folder:
        bench = Bench(Path(folder), options.claims, options.rounds)
        if options.database != "postgresql":
            rows.append(sqlite_row(bench))
        if options.database != "sqlite" and (binaries := find_binaries()):
            server = PostgresServer(binaries)
            try:
                server.start()
                rows.append(postgresql_row(bench, server))
            finally:
                server.stop()
    print("| database | claims | entries | demo fill | from CSV files | ratio | peak memory |")
    print("|---|---|---|---|---|---|---|", *rows, sep="\n")


if __name__ == "__main__":
    main()
