"""How long an import takes, against the databases' own tools loading the same rows, and pandas.

    python -m tests.benchmarks.imports --claims 1000000 --rounds 3 --database both

Ours is the whole command `flask import FILE`: the dry run with all its checks, and the loading in
one transaction, into a book that has the policies. The other sides have the very rows that ours
wrote (claims and ledger entries) ready in files, look at nothing, and put them into tables with the
same indexes, checks and triggers: `sqlite3 .import` and `psql \\copy` in one transaction,
and `DataFrame.to_sql` from Parquet. The sides take turns; medians. With --peers-python, a Python of
another environment, django-import-export reads the same CSV file, see imports_django.py; it takes
minutes, so give it --claims 100000.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import psycopg
from sqlalchemy import create_engine

from flaskr.settings import BOOK_FILE
from tests.benchmarks.exports_web import children, memory
from tests.benchmarks.fill import FLASK, query, sqlite_script
from tests.benchmarks.imports_files import write_files
from tests.postgres import PostgresServer, find_binaries

DJANGO = Path(__file__).with_name("imports_django.py")
TABLES = ("claims", "ledger_entries")
FORMS = ("parquet", "csv")


@dataclass
class Bench:
    """One database: how a fresh book of the policies is made, and how its own tool loads rows."""

    name: str
    folder: Path
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    peaks: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def run(self, side: str, command: list[str], environment: dict[str, str]) -> None:
        """Time a command, and watch the largest of its processes."""
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        watcher = threading.Thread(target=self.watch, args=(side, process), daemon=True)
        watcher.start()
        if process.wait():
            raise SystemExit(f"{command} failed")
        self.seconds[side].append(time.perf_counter() - start)
        watcher.join()

    def watch(self, side: str, process: subprocess.Popen) -> None:
        while process.poll() is None:
            pids, level = [process.pid], [process.pid]
            while level := [child for pid in level for child in children(pid)]:
                pids += level
            self.peaks[side] = max(self.peaks[side], *(memory(pid, "VmHWM") for pid in pids))
            time.sleep(0.05)

    def to_sql(self, address: str) -> None:
        """Pandas loading the same rows, ready in Parquet files."""
        start = time.perf_counter()
        engine = create_engine(address)
        with engine.begin() as connection:
            for table in TABLES:
                frame = pd.read_parquet(self.folder / f"{table}.rows.parquet")
                frame.to_sql(table, connection, if_exists="append", index=False, chunksize=50_000)
        engine.dispose()
        self.seconds["to_sql"].append(time.perf_counter() - start)

    def django(self, files: Path, python: str) -> str:
        """Run django-import-export once over the same file; return a line about it."""
        command = [python, str(DJANGO), str(files / "claims.csv"), str(self.folder)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        whole = statistics.median(self.seconds["csv"])
        return (
            f"django-import-export, the same CSV file: {float(done.stdout):.1f} s, "
            f"{float(done.stdout) / whole:.1f} times ours"
        )

    def rows(self, claims: int) -> list[str]:
        floor = statistics.median(self.seconds["floor"])
        frames = statistics.median(self.seconds["to_sql"])
        lines = []
        for form in FORMS:
            whole = statistics.median(self.seconds[form])
            dry = statistics.median(self.seconds[f"{form} dry run"])
            lines.append(
                f"| {self.name} | {form} | {claims:,} | {dry:.1f} s | {whole:.1f} s "
                f"| {claims / whole:,.0f} | {floor:.1f} s | {whole / floor:.2f} | {frames:.1f} s "
                f"| {frames / whole:.2f} | {self.peaks[form] / 1e6:,.0f} MB |"
            )
        return lines


def environment(folder: Path, url: str = "") -> dict[str, str]:
    settings = {"INSTANCE_FOLDER": str(folder), "DATABASE_URL": url}
    if url:
        settings |= {"BOOK_ACCESS": "open", "SECRET_KEY": "benchmark" * 4}
    return {**os.environ, **settings}


def flask_import(file: Path, *options: str) -> list[str]:
    return [*FLASK, "import", str(file), *options]


def on_sqlite(bench: Bench, files: Path, rounds: int) -> None:
    with_policies, work = bench.folder / "policies", bench.folder / "work"
    subprocess.run(
        flask_import(files / "policies.parquet"), check=True, env=environment(with_policies)
    )

    def fresh() -> Path:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(with_policies, work)
        return work / BOOK_FILE

    for _ in range(rounds):
        for form in FORMS:
            book = fresh()
            file = files / f"claims.{form}"
            bench.run(f"{form} dry run", flask_import(file, "--dry-run"), environment(work))
            bench.run(form, flask_import(file), environment(work))
        for table in TABLES:
            if not (bench.folder / f"{table}.csv").exists():
                query(book, f".output {bench.folder / table}.csv", f"SELECT * FROM {table}")
                keep_frame(bench, f"sqlite:///{book}", table)
        book = fresh()
        script = bench.folder / "load.sql"
        script.write_text("\n".join(sqlite_script(book, bench.folder, TABLES)))
        start = time.perf_counter()
        with script.open() as commands:
            subprocess.run(["sqlite3", "-bail", str(book)], stdin=commands, check=True)
        bench.seconds["floor"].append(time.perf_counter() - start)
        bench.to_sql(f"sqlite:///{fresh()}")


def keep_frame(bench: Bench, address: str, table: str) -> None:
    engine = create_engine(address)
    frame = pd.read_sql_table(table, engine, dtype_backend="pyarrow").dropna(axis=1, how="all")
    frame.to_parquet(bench.folder / f"{table}.rows.parquet")
    engine.dispose()


def on_postgresql(bench: Bench, files: Path, rounds: int, server: PostgresServer) -> None:
    psql = [str(server.binaries / "psql"), "-q", "-v", "ON_ERROR_STOP=1"]
    instance = bench.folder / "instance"

    def fresh(name: str, template: str) -> str:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            connection.execute("CHECKPOINT")
        return server.url(name)

    with_policies = environment(instance, fresh("with_policies", "template0"))
    subprocess.run([*FLASK, "db", "upgrade"], check=True, env=with_policies, capture_output=True)
    subprocess.run(flask_import(files / "policies.parquet"), check=True, env=with_policies)
    for _ in range(rounds):
        for form in FORMS:
            url = fresh("work", "with_policies")
            file = files / f"claims.{form}"
            bench.run(
                f"{form} dry run", flask_import(file, "--dry-run"), environment(instance, url)
            )
            bench.run(form, flask_import(file), environment(instance, url))
        for table in TABLES:
            if not (bench.folder / f"{table}.copy").exists():
                copy = f"\\copy {table} TO '{bench.folder / table}.copy' CSV"
                subprocess.run([*psql, url, "-c", copy], check=True)
                keep_frame(bench, url.replace("postgresql://", "postgresql+psycopg://"), table)
        url = fresh("loaded", "with_policies")
        copies = [f"\\copy {table} FROM '{bench.folder / table}.copy' CSV" for table in TABLES]
        script = bench.folder / "load.psql"
        script.write_text("\n".join(["BEGIN;", *copies, "COMMIT;"]))
        start = time.perf_counter()
        subprocess.run([*psql, url, "-f", str(script)], check=True)
        bench.seconds["floor"].append(time.perf_counter() - start)
        url = fresh("loaded", "with_policies")
        bench.to_sql(url.replace("postgresql://", "postgresql+psycopg://"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers-python", default="")
    options = parser.parse_args()
    rows: list[str] = []
    peers = ""
    with tempfile.TemporaryDirectory(prefix="claimbook-imports-") as name:
        files = Path(name)
        write_files(files, options.claims)
        if options.database != "postgresql":
            bench = Bench("SQLite", files / "sqlite")
            bench.folder.mkdir()
            on_sqlite(bench, files, options.rounds)
            rows += bench.rows(options.claims)
            peers = bench.django(files, options.peers_python) if options.peers_python else ""
        if options.database != "sqlite" and (binaries := find_binaries()):
            bench = Bench("PostgreSQL", files / "postgresql")
            bench.folder.mkdir()
            server = PostgresServer(binaries)
            try:
                server.start()
                on_postgresql(bench, files, options.rounds, server)
            finally:
                server.stop()
            rows += bench.rows(options.claims)
    print("| database | file | claims | dry run | dry run and loading | rows a second ", end="")
    print("| own tool | ratio | to_sql | times faster | peak memory |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", *rows, peers, sep="\n")


if __name__ == "__main__":
    main()
