"""gunicorn for the export benchmark, and the memory of its processes."""

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


def memory(pid: int, name: str) -> int:
    """One figure of a process's memory in bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def children(pid: int) -> list[int]:
    """The processes that a process started, by any of its threads."""
    pids = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            pids += [int(number) for number in listed.read_text().split()]
    return pids


@dataclass
class Web:
    """gunicorn over one book, with the memory of its worker and of what makes the files."""

    environment: dict[str, str]
    port: int = 0
    peaks: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    finished: bool = False

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{self.port}", "-k", "gthread",
             "--threads", "4", "--timeout", "600", "--log-level", "warning", "flaskr:create_app()"],
            env=self.environment,
        )  # fmt: skip
        for _ in range(300):
            if (
                subprocess.run(["curl", "-so", "/dev/null", self.address("healthz")]).returncode
                == 0
            ):
                break
            time.sleep(0.1)

    def stop(self) -> None:
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    @property
    def worker_bytes(self) -> int:
        return max(memory(pid, "VmRSS") for pid in children(self.server.pid))

    def download(self, query: str, target: Path) -> float:
        """Download a newly generated file; return the seconds that curl measured."""
        shutil.rmtree(Path(self.environment["INSTANCE_FOLDER"]) / "spool", ignore_errors=True)
        watch = threading.Thread(target=self.watch, args=(query,))
        self.finished = False
        watch.start()
        done = subprocess.run(
            ["curl", "-sf", "-o", str(target), "-w", "%{time_total}",
             self.address(f"export_claims?{query}")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        self.finished = True
        watch.join()
        return float(done.stdout)

    def watch(self, query: str) -> None:
        """Note the peak memory of the processes that the worker's fork server starts."""
        while not self.finished:
            for worker in children(self.server.pid):
                for fork_server in children(worker):
                    for maker in children(fork_server):
                        self.peaks[query] = max(self.peaks[query], memory(maker, "VmHWM"))
            time.sleep(0.02)
