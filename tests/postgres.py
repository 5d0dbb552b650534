"""A temporary PostgreSQL server for tests, on a unix socket."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NO_POSTGRESQL = "PostgreSQL is not installed (set PG_BIN, or install postgresql)"
IN_MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 2 * 1024**3


def temporary_folder(prefix: str) -> Path:
    """Create a temporary folder, in memory if the machine has enough, which is faster."""
    in_memory = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    has_room = in_memory and shutil.disk_usage(IN_MEMORY).free > ENOUGH_MEMORY
    return Path(tempfile.mkdtemp(prefix=prefix, dir=IN_MEMORY if has_room else None))


class PostgresServer:
    """One cluster in a temporary folder; `url(name)` is the address of a database in it."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.folder = temporary_folder("claimbook-pg-")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        os.chmod(self.folder, 0o777)  # noqa: S103
        data = self.folder / "data"
        run = as_other_user([
            str(self.binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        ])  # fmt: skip
        subprocess.run(run, check=True, capture_output=True)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "60",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = as_other_user([str(self.binaries / "postgres"), "-D", str(data), *options])
        with (self.folder / "log").open("wb") as log:
            # dies with the test runner, also when that is killed
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", *command], stdout=log, stderr=log
            )
        self.wait()

    def wait(self) -> None:
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", str(self.folder), "-U", "postgres"]
        for _ in range(300):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self.process is None or self.process.poll() is not None:
                break
            subprocess.run(["sleep", "0.05"], check=True)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(2)
            self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server, or skip the test where there is no PostgreSQL."""
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail(f"{NO_POSTGRESQL}; CI may not skip")
        pytest.skip(NO_POSTGRESQL)
    server = PostgresServer(binaries)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def as_other_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: as root, run it as another user in a user namespace."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--", *command]


def find_binaries() -> Path | None:
    """Return PG_BIN, else Debian's newest version, else the one on the path."""
    if set_folder := os.environ.get("PG_BIN"):
        return Path(set_folder)
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3])
    )
    if installed:
        return installed[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path else None
