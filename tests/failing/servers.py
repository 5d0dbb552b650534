"""Databases, roles, poolers and disks that fail as they do in operation."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.books import create_database
from tests.postgres import PostgresServer, as_other_user

# What a careful administrator grants to the role that serves the book; docs/operating.md has them.
GRANTS = """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


def run_sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def as_role(server: PostgresServer, name: str, template: str) -> str:
    """A new database that a role without DDL may use; its address."""
    owner = create_database(server, name, template)
    role = f"app_{name}"
    run_sql(
        owner,
        f'CREATE ROLE "{role}" LOGIN',
        f'REVOKE CREATE ON SCHEMA public FROM PUBLIC, "{role}"',
        *GRANTS.format(role=f'"{role}"').split(";")[:-1],
    )
    return owner.replace("postgres@", f"{role}@")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a small file system in memory; skips the test where that is not allowed."""
    folder.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs"]
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill a disk but for some bytes; return the file that does."""
    path = folder / "filling"
    with path.open("wb", buffering=0) as file:
        try:
            while shutil.disk_usage(folder).free > leave:
                file.write(bytes(min(65_536, shutil.disk_usage(folder).free - leave)))
        except OSError:
            pass
    return path


@contextmanager
def pgbouncer(server: PostgresServer, folder: Path, pool_size: int) -> Iterator[str]:
    """Run PgBouncer in transaction mode before a server; yield the folder of its socket."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not os.path.exists(program):
        pytest.skip("PgBouncer is not installed")
    folder.chmod(0o777)
    (folder / "users.txt").write_text('"postgres" ""\n')
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        f"""[databases]
* = host={server.folder} user=postgres
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 200
logfile = {folder}/log
"""
    )
    command = as_other_user([program, "-q", str(configuration)])
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 10
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < ends
            time.sleep(0.05)
        yield str(folder)
    finally:
        process.terminate()
        process.wait(timeout=10)
