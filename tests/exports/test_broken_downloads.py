"""A real server, whose worker is killed or whose client goes away: an error, or a whole file."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flaskr.settings import PROJECT_FOLDER, Settings
from tests.exports.reading import add_claims, csv_frame

MANY = 150_000  # some 14 MB: far more than the sockets hold
BOOTED = re.compile(r"Booting worker with pid: (\d+)")


@contextmanager
def gunicorn(settings: Settings) -> Iterator[tuple[int, Path]]:
    """One worker over the book; its port, and the log that names it and those that follow it."""
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
    command += ["--threads", "4", "--graceful-timeout", "5", "flaskr:create_app()"]
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
        return ask(port, "/healthz").read() != b""
    except OSError:
        return False


def wait_until(condition) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.003)


def ask(port: int, path: str = "/export_claims") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    return connection.getresponse()


def worker_of(log: Path) -> int:
    return int(BOOTED.findall(log.read_text())[-1])


def parts(settings: Settings) -> list[Path]:
    return list((settings.instance_folder / "spool").glob("*.part"))


def is_being_written(settings: Settings) -> bool:
    return any(part.stat().st_size > 0 for part in parts(settings))


def open_spool_files(pid: int) -> list[str]:
    files = [os.path.realpath(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    return [path for path in files if "/spool/" in path]


def assert_whole(response: http.client.HTTPResponse, rows: int) -> None:
    body = response.read()
    assert (response.status, len(body)) == (200, int(response.headers["Content-Length"]))
    assert len(csv_frame(body)) == int(response.headers["X-Row-Count"]) == rows


def test_a_worker_killed_while_it_makes_a_file_gives_an_error_and_leaves_nothing(
    session, book_settings
):
    add_claims(MANY)
    with gunicorn(book_settings) as (port, log):
        killed = worker_of(log)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/export_claims")
        wait_until(lambda: is_being_written(book_settings))
        os.kill(killed, signal.SIGKILL)

        with pytest.raises((http.client.HTTPException, ConnectionError)):
            connection.getresponse()
        wait_until(lambda: is_up(port) and worker_of(log) != killed)
        assert_whole(ask(port), MANY)
        assert parts(book_settings) == []


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_a_download_that_breaks_off_is_noticed_by_either_side(session, book_settings):
    add_claims(MANY)
    with gunicorn(book_settings) as (port, log):
        worker = worker_of(log)
        gone = ask(port)
        assert gone.read(100_000)
        gone.close()
        wait_until(lambda: open_spool_files(worker) == [])
        assert parts(book_settings) == []

        cut = ask(port)
        assert cut.status == 200
        os.kill(worker, signal.SIGKILL)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            cut.read()
        wait_until(lambda: is_up(port) and worker_of(log) != worker)
        assert_whole(ask(port), MANY)
        assert parts(book_settings) == []
