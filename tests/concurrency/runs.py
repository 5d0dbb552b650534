"""Starts processes that write, and reads their results."""

import json
import subprocess
import sys
from dataclasses import dataclass

from flaskr.settings import PROJECT_FOLDER, Settings


@dataclass(frozen=True)
class Contention:
    """The results of many actions on one claim."""

    committed: int
    refused: list[str]
    seconds: list[float]
    elapsed: float

    def slowest_but(self, share: float) -> float:
        """The time within which all but a share of the actions ended."""
        return sorted(self.seconds)[int(len(self.seconds) * (1 - share))]


def start_writers(settings: Settings, work: str, reference: str, processes: int, actions: int = 0):
    task = {
        "folder": str(settings.instance_folder),
        "database_url": settings.database_url,
        "work": work,
        "reference": reference,
        "processes": processes,
        "actions": actions,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.writers", json.dumps(task)],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_writers(settings: Settings, work: str, reference: str, processes: int, actions: int):
    """The results of the writers, and how long they took together."""
    with start_writers(settings, work, reference, processes, actions) as writers:
        output, _ = writers.communicate(timeout=600)
    assert writers.returncode == 0
    report = json.loads(output.splitlines()[-1])
    assert len(report["results"]) == processes, "a writer died"
    return report["results"], report["elapsed"]


def contend(settings: Settings, reference: str, processes: int, actions: int) -> Contention:
    results, elapsed = run_writers(settings, "contend", reference, processes, actions)
    return Contention(
        committed=sum(result["committed"] for result in results),
        refused=[reason for result in results for reason in result["refused"]],
        seconds=[seconds for result in results for seconds in result["seconds"]],
        elapsed=elapsed,
    )
