"""Starts writers and reads what they say."""

import json
import subprocess
import sys
from dataclasses import dataclass

from flaskr.settings import PROJECT_FOLDER, Settings


@dataclass(frozen=True)
class Contention:
    """What became of many actions on one claim."""

    committed: int
    refused: list[str]
    seconds: list[float]
    elapsed: float

    def slowest_but(self, share: float) -> float:
        """The time that all but a share of the actions stayed under."""
        return sorted(self.seconds)[int(len(self.seconds) * (1 - share))]


def start_writers(settings: Settings, work: str, reference: str, processes: int, actions: int = 0):
    order = {
        "folder": str(settings.instance_folder),
        "database_url": settings.database_url,
        "work": work,
        "reference": reference,
        "processes": processes,
        "actions": actions,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.writers", json.dumps(order)],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_writers(settings: Settings, work: str, reference: str, processes: int, actions: int):
    """What each writer said, and how long it took them all."""
    with start_writers(settings, work, reference, processes, actions) as writers:
        said, _ = writers.communicate(timeout=600)
    assert writers.returncode == 0
    answer = json.loads(said.splitlines()[-1])
    assert len(answer["results"]) == processes, "a writer died"
    return answer["results"], answer["elapsed"]


def contend(settings: Settings, reference: str, processes: int, actions: int) -> Contention:
    results, elapsed = run_writers(settings, "contend", reference, processes, actions)
    return Contention(
        committed=sum(result["committed"] for result in results),
        refused=[reason for result in results for reason in result["refused"]],
        seconds=[seconds for result in results for seconds in result["seconds"]],
        elapsed=elapsed,
    )
