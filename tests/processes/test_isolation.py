import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from errno import EDQUOT, EFBIG, ENOENT, ENOSPC
from pathlib import Path

import pytest

from flaskr.errors import BusyError, DiskFull, LedgerError
from flaskr.processes.isolation import (
    Limits,
    OutOfMemory,
    OutOfTime,
    WorkError,
    run_isolated,
    slot,
)
from flaskr.settings import PROJECT_FOLDER

ENOUGH = Limits(seconds=20, memory_bytes=512 * 1024**2)


def isolated(name, *arguments, limits=ENOUGH, on_progress=None):
    return run_isolated(
        f"tests.isolated_work:{name}",
        *arguments,
        limits=limits,
        on_progress=on_progress,
    )


def test_work_returns_its_result_and_reports_its_progress_in_order():
    reported = []

    result = isolated("double", 21, on_progress=reported.append)

    assert result == 42
    assert reported == ["begun", "half"]


def test_each_call_has_its_own_process_which_ends():
    first, second = isolated("process_id"), isolated("process_id")

    assert len({os.getpid(), first, second}) == 3
    assert not is_running(first)


def test_an_error_of_the_work_is_raised_as_is():
    with pytest.raises(LedgerError, match="The claim is closed."):
        isolated("refuse")


def test_a_fault_is_an_error_that_points_to_the_log(caplog):
    with pytest.raises(WorkError, match="in the log") as raised:
        isolated("fail")

    assert type(raised.value) is WorkError
    assert raised.value.status == 500
    assert "exit code 1" in caplog.text


@pytest.mark.parametrize("number", [ENOSPC, EDQUOT, EFBIG])
def test_a_full_disk_is_no_fault_of_ours(number):
    with pytest.raises(DiskFull, match="The disk is full.") as raised:
        isolated("fill_the_disk", number)

    assert (raised.value.status, raised.value.exit_code) == (507, 4)


def test_another_error_of_the_system_is_a_fault():
    with pytest.raises(WorkError, match="in the log"):
        isolated("fill_the_disk", ENOENT)


def test_work_that_is_killed_is_reported_as_out_of_memory():
    with pytest.raises(OutOfMemory, match="out of memory"):
        isolated("be_killed")


def test_work_over_its_memory_limit_is_stopped_and_less_is_not():
    assert isolated("allocate", 256 * 1024**2) == 256 * 1024**2
    with pytest.raises(OutOfMemory, match="limit of 512 MB"):
        isolated("allocate", 600 * 1024**2)


@pytest.mark.parametrize("work", ["sleep", "hold_the_interpreter"])
def test_work_over_its_time_limit_is_stopped_even_in_c_code(work):
    started = time.monotonic()

    with pytest.raises(OutOfTime, match="1 seconds"):
        isolated(work, limits=Limits(seconds=1, memory_bytes=1024**3))

    assert time.monotonic() - started < 5


def test_several_threads_may_run_work_at_once():
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda number: isolated("double", number), range(18)))

    assert results == [2 * number for number in range(18)]


def test_the_work_ends_when_its_parent_is_killed(tmp_path: Path):
    pid_file = tmp_path / "pid"
    script = (
        "from flaskr.processes.isolation import Limits, run_isolated\n"
        f"run_isolated('tests.isolated_work:sleep', {str(pid_file)!r},"
        " limits=Limits(60, 2**29))\n"
    )
    root = PROJECT_FOLDER
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=root)
    until(lambda: pid_file.exists() and pid_file.read_text())
    child = int(pid_file.read_text())
    assert is_running(child)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    until(lambda: not is_running(child))


def test_a_slot_is_held_once_and_freed(tmp_path: Path):
    with slot(tmp_path, "export", 2):
        with slot(tmp_path, "export", 2), pytest.raises(BusyError), slot(tmp_path, "export", 2):
            pass
        with slot(tmp_path, "export", 2):
            pass


def test_a_killed_process_frees_its_slot(tmp_path: Path):
    script = (
        "import pathlib, time\nfrom flaskr.processes.isolation import slot\n"
        f"with slot(pathlib.Path({str(tmp_path)!r}), 'export', 1):\n"
        "    print('in', flush=True); time.sleep(60)\n"
    )
    root = PROJECT_FOLDER
    holder = subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"in\n"
    with pytest.raises(BusyError), slot(tmp_path, "export", 1):
        pass

    holder.kill()
    holder.communicate()

    with slot(tmp_path, "export", 1):
        pass


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
