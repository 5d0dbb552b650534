"""Start nginx with the file of deploy/, its names filled in."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flaskr.settings import PROJECT_FOLDER
from tests.optional import skip_or_fail
from tests.users.serving import Browser, free_port

SOURCE = PROJECT_FOLDER / "deploy" / "nginx.conf"
# What the file is included in, as in Debian's own nginx.conf.
AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/start.log notice;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/claimbook.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    port: int
    plain_port: int
    folder: Path

    def browser(self, address: str = "127.0.0.2") -> Browser:
        """A browser at another address of this machine, which trusts the certificate."""
        trusting = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        return Browser(self.port, tls=trusting, address=address)

    def log(self, name: str) -> str:
        """The text of a log: access or error."""
        return (self.folder / f"claimbook-{name}.log").read_text(encoding="utf-8")


def make_certificate(folder: Path) -> None:
    """Make a self-signed certificate of localhost."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "privkey.pem")]
    command += ["-out", str(folder / "fullchain.pem")]
    subprocess.run(command, check=True, capture_output=True)


def filled_in(folder: Path, book: int, port: int, plain_port: int) -> str:
    """The file of deploy/ with host name, ports and paths of a test; each must be there."""
    text = SOURCE.read_text(encoding="utf-8")
    for name, replacement in {
        "claims.example.com": "localhost",
        " listen 443 ssl": f" listen 127.0.0.1:{port} ssl",
        " listen 80;": f" listen 127.0.0.1:{plain_port};",
        "127.0.0.1:8000": f"127.0.0.1:{book}",
        "/etc/ssl/claimbook": str(folder),
        "/var/log/nginx": str(folder),
    }.items():
        assert name in text, name
        text = text.replace(name, replacement)
    return text


@contextmanager
def nginx(
    folder: Path, book: int, change: Callable[[str], str] = lambda text: text
) -> Iterator[Proxy]:
    """Serve the book at a port through nginx; `change` breaks the file or mounts it elsewhere."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        skip_or_fail("nginx is not installed")
    assert program
    folder.mkdir()
    proxy = Proxy(free_port(), free_port(), folder)
    make_certificate(folder)
    text = change(filled_in(folder, book, proxy.port, proxy.plain_port))
    (folder / "claimbook.conf").write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # another could not read the test's folder
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    command = [program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
    server = subprocess.Popen([*command, "-p", str(folder)])
    try:
        wait_for(proxy, server)
        yield proxy
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(proxy: Proxy, server: subprocess.Popen) -> None:
    """Wait until it listens."""
    ends = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", proxy.port)).close()
        except OSError:
            log = proxy.folder / "start.log"
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.05)
        else:
            return
