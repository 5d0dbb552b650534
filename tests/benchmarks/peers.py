"""How long CSV of all claims takes from ClaimBook, Datasette and Flask-Admin, over one SQLite book.

    python -m tests.benchmarks.peers --claims 100000 --runs 3 --peers-python PYTHON

Each serves the same claims table over HTTP, and curl writes the file. The peers are in a
separate environment, whose Python is given:

    pip install datasette==0.65.5 flask-admin==2.2.1 flask-sqlalchemy==3.1.1

Datasette streams the table (`?_stream=on`), Flask-Admin exports its model view without a limit of
rows. They write whole öre and no policy: less than ClaimBook does.
"""

import argparse
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from flaskr.settings import BOOK_FILE
from tests.benchmarks.exports import FLASK, environment
from tests.benchmarks.exports_web import Web, memory

ADMIN = Path(__file__).with_name("peers_flask_admin.py")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Peer:
    """Another program that serves the book's file."""

    def __init__(self, command: list[str], port: int, path: str) -> None:
        self.address = f"http://127.0.0.1:{port}/{path}"
        self.server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(200):
            time.sleep(0.1)
            answer = subprocess.run(["curl", "-so", "/dev/null", f"http://127.0.0.1:{port}/"])
            if answer.returncode == 0:
                return
        raise RuntimeError(f"{command} does not answer")

    def download(self, target: Path) -> float:
        done = subprocess.run(
            ["curl", "-sf", "-o", str(target), "-w", "%{time_total}", self.address],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return float(done.stdout)

    def stop(self) -> int:
        peak = memory(self.server.pid, "VmHWM")
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()
        return peak


def peers_of(book: str, python: str) -> dict[str, Peer]:
    datasette, admin = free_port(), free_port()
    settings = [("max_csv_mb", "0"), ("sql_time_limit_ms", "600000"), ("max_returned_rows", "1000")]
    options = [part for setting in settings for part in ("--setting", *setting)]
    serve = [python, "-m", "datasette", "serve", book, "-h", "127.0.0.1", "-p", str(datasette)]
    return {
        "Datasette, streamed CSV": Peer(
            [*serve, *options], datasette, "claimbook/claims.csv?_stream=on"
        ),
        "Flask-Admin, CSV export": Peer(
            [python, str(ADMIN), book, str(admin)], admin, "admin/claims/export/csv/"
        ),
    }


def lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers-python", default=sys.executable)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claimbook-peers-") as name:
        folder = Path(name)
        settings = environment(folder / "book")
        fill = [
            "demo",
            "fill",
            "--claims",
            str(options.claims),
            "--policies",
            str(options.claims // 5),
        ]
        subprocess.run([*FLASK, *fill], check=True, env=settings, stdout=subprocess.DEVNULL)
        seconds, rows = measured(options, folder, settings)
    ours = statistics.median(seconds["ClaimBook"])
    print(f"CSV of {options.claims:,} claims, SQLite, medians of {options.runs}:")
    print("| program | time | to ours | lines |", "|---|---|---|---|", sep="\n")
    for side, times in seconds.items():
        middle = statistics.median(times)
        print(f"| {side} | {middle:.2f} s | {middle / ours:.1f} | {rows[side]} |")


def measured(
    options: argparse.Namespace, folder: Path, settings: dict[str, str]
) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Let the programs take turns; return their seconds, and the lines they wrote."""
    web, target = Web(settings), folder / "file.csv"
    web.start()
    peers = peers_of(str(folder / "book" / BOOK_FILE), options.peers_python)
    seconds: dict[str, list[float]] = defaultdict(list)
    rows = {}
    try:
        web.download("format=csv", target)
        for _ in range(options.runs):
            seconds["ClaimBook"].append(web.download("format=csv", target))
            rows["ClaimBook"] = lines_in(target)
            for side, peer in peers.items():
                seconds[side].append(peer.download(target))
                rows[side] = lines_in(target)
    finally:
        web.stop()
        for side, peer in peers.items():
            print(f"{side}: peak memory {peer.stop() / 1e6:.0f} MB")
    return seconds, rows


if __name__ == "__main__":
    main()
