"""Serve a book with sign-in by several processes, and request it over HTTP."""

import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from flaskr.settings import PROJECT_FOLDER, Settings
from tests.users.people import PASSWORD, csrf_of

WORKERS = 4
COOKIE = re.compile(r"([\w%-]+)=([^;]*)")
BY_PROCESS = ["--access-logfile", "-", "--access-logformat", "answered by %(p)s"]


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a server."""
    return {
        "PATH": os.environ["PATH"],
        "INSTANCE_FOLDER": str(settings.instance_folder),
        "DATABASE_URL": settings.database_url,
        "BOOK_ACCESS": settings.book_access,
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        "TRUSTED_PROXIES": str(settings.trusted_proxies),
        "LOG_LEVEL": settings.log_level,
    }


def free_port() -> int:
    """A free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def gunicorn_command(port: int, workers: int = WORKERS, threads: int = 4) -> list[str]:
    """The command that starts gunicorn."""
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread"]
    command += ["--threads", str(threads), "-w", str(workers), "--no-control-socket", *BY_PROCESS]
    return [*command, "flaskr:create_app()"]


@contextmanager
def gunicorn(
    settings: Settings, workers: int = WORKERS, threads: int = 4
) -> Iterator[tuple[int, Path]]:
    """Serve a book by several processes; yield the port and the log, which has the process ids."""
    port, log = free_port(), settings.instance_folder / "gunicorn.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            gunicorn_command(port, workers, threads),
            cwd=PROJECT_FOLDER,
            env=environment_of(settings),
            stdout=out,
            stderr=out,
        )
    try:
        ends = time.monotonic() + 60
        while not is_up(port):
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.1)
        yield port, log
    finally:
        server.terminate()
        server.wait(timeout=30)


def is_up(port: int) -> bool:
    """Whether the server answers."""
    try:
        return Browser(port).get("/healthz").status == 200
    except (OSError, http.client.HTTPException):
        return False


@dataclass(frozen=True)
class ServedResponse:
    """A response, read to its end."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Browser:
    """Keeps cookies and opens a connection for each request, so that any process may answer."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    address: str = "127.0.0.1"  # where it connects from

    def get(self, path: str) -> ServedResponse:
        """Request a page."""
        return self.send("GET", path)

    def post(self, path: str, form: dict[str, str]) -> ServedResponse:
        """Send a form."""
        return self.send("POST", path, urlencode(form))

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        source = (self.address, 0)
        return http.client.HTTPSConnection(
            "localhost", self.port, timeout=60, context=self.tls, source_address=source
        )

    def send(
        self, method: str, path: str, body: str | bytes | None = None, **given: str
    ) -> ServedResponse:
        """Send one request, and keep the cookies that come with the answer."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        if self.tls:
            headers["Referer"] = f"https://localhost:{self.port}{path}"
        headers |= {name.replace("_", "-"): text for name, text in given.items()}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        with closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, text = COOKIE.match(cookie).groups()
                self.cookies[name] = text
            return ServedResponse(answer.status, dict(answer.headers), answer.read().decode())

    def sign_in(self, email: str, password: str = PASSWORD, prefix: str = "") -> ServedResponse:
        """Open the page and send its form, in a book that may be mounted under a prefix."""
        form = {"csrf_token": csrf_of(self.get(f"{prefix}/sign_in").text)}
        return self.post(f"{prefix}/sign_in", form | {"email": email, "password": password})
