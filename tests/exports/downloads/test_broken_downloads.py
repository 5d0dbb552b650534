"""A real server whose worker is killed or whose client disconnects."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from flaskr.settings import PROJECT_FOLDER, Settings
from tests.exports.reading import add_claims, csv_frame

pytestmark = pytest.mark.slow

MANY = 120_000  # some 12 MB: far more than the socket buffers
BOOTED = re.compile(r"Booting worker with pid: (\d+)")


@contextmanager
def gunicorn(settings: Settings) -> Iterator[tuple[int, Path]]:
    """Gunicorn with one worker: its port, and the log with the worker's process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = settings.instance_folder / "gunicorn.log"
    environment = {
        "INSTANCE_FOLDER": str(settings.instance_folder),
        "DATABASE_URL": settings.database_url,
        "BOOK_ACCESS": "open",
        "SECRET_KEY": "tests",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread"]
    command += [
        "--threads",
        "4",
        "--no-control-socket",
        "--graceful-timeout",
        "5",
        "flaskr:create_app()",
    ]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, cwd=PROJECT_FOLDER, env=environment, stdout=out, stderr=out
        )
    try:
        wait_until(lambda: is_up(port))
        yield port, log
    finally:
        server.terminate()
        server.wait(timeout=20)


def is_up(port: int) -> bool:
    try:
        with sent_request(port, "/healthz") as connection:
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def wait_until(condition) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.003)


@contextmanager
def sent_request(port: int, path: str = "/export_claims") -> Iterator[http.client.HTTPConnection]:
    """A connection on which a request was sent; it is closed at the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("GET", path, headers={"Connection": "close"})
        yield connection


def worker_of(log: Path) -> int:
    return int(BOOTED.findall(log.read_text())[-1])


def parts(settings: Settings) -> list[Path]:
    return list((settings.instance_folder / "spool").glob("*.part"))


def is_being_written(settings: Settings) -> bool:
    return any(part.stat().st_size > 0 for part in parts(settings))


def open_spool_files(pid: int) -> list[str]:
    files = [os.path.realpath(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    return [path for path in files if "/spool/" in path]


def assert_whole_again(port: int, log: Path, killed: int, settings: Settings) -> None:
    """A new worker runs, sends a complete file, and has cleaned the spool."""
    wait_until(lambda: is_up(port) and worker_of(log) != killed)
    with sent_request(port) as connection, connection.getresponse() as response:
        body = response.read()
    assert (response.status, len(body)) == (200, int(response.headers["Content-Length"]))
    assert len(csv_frame(body)) == int(response.headers["X-Row-Count"]) == MANY
    assert parts(settings) == []


def test_a_worker_killed_while_it_makes_a_file_gives_an_error_and_leaves_nothing(
    session, book_settings
):
    add_claims(MANY)
    with gunicorn(book_settings) as (port, log):
        killed = worker_of(log)
        with sent_request(port) as connection:
            wait_until(lambda: is_being_written(book_settings))
            os.kill(killed, signal.SIGKILL)
            with pytest.raises((http.client.HTTPException, ConnectionError)):
                connection.getresponse()

        assert_whole_again(port, log, killed, book_settings)


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_an_interrupted_download_is_noticed_on_both_sides(session, book_settings):
    add_claims(MANY)
    with gunicorn(book_settings) as (port, log):
        worker = worker_of(log)
        with sent_request(port) as connection, connection.getresponse() as response:
            assert response.read(100_000)
        wait_until(lambda: open_spool_files(worker) == [])
        assert parts(book_settings) == []

        with sent_request(port) as connection, connection.getresponse() as response:
            assert response.status == 200
            os.kill(worker, signal.SIGKILL)
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                response.read()
        assert_whole_again(port, log, worker, book_settings)
