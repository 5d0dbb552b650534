"""Heavy or dangerous work in a room of its own: a short-lived process, bounded in time and memory.

The process is forked from a clean helper that has imported what the work needs, so that it starts
in milliseconds, shares nothing with the web process, and gives back all its memory when it ends.
"""

import fcntl
import logging
import multiprocessing
import os
import pkgutil
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Any

from flaskr.errors import BusyError, ClaimBookError

_logger = logging.getLogger(__name__)

Report = Callable[[Any], None]
_FORKSERVER_START_SECONDS = (
    60.0  # for the helper's first start on a slow machine; not part of the work's time
)

_forkserver = multiprocessing.get_context("forkserver")
# multiprocessing's list of children is not made for threads: two that look at one process's end at
# the same time may both read its exit code, and one gets 255.
_children_lock = threading.Lock()
_preloaded: set[str] = set()


@dataclass(frozen=True)
class Limits:
    """How much one piece of work may take: seconds by the clock, bytes on top of the helper's."""

    seconds: int
    memory_bytes: int


class WorkError(ClaimBookError):
    """Isolated work that ended without a result: a fault of ours, which the log has."""

    status = 500


class OutOfTime(WorkError):
    """Isolated work that was stopped at its time limit."""

    status = 503


class OutOfMemory(WorkError):
    """Isolated work that was stopped at its memory limit."""

    status = 503


def preload(module: str) -> str:
    """Have the helper import a module once, and return its name.

    Whoever names work says so when it is imported itself: the helper is made at the first call in
    the life of a web process, and whatever is needed later must be in it by then.
    """
    _preloaded.add(module)
    return module


def run_isolated(
    work: str,
    *arguments: Any,
    limits: Limits,
    on_progress: Report | None = None,
) -> Any:
    """Run `work`, named as "package.module:function", in a process of its own; return its result.

    The function is called with a function that reports progress, then `arguments`; these, what it
    reports and its result are pickled. A ClaimBookError of the work is raised here as
    it is; WorkError, OutOfTime or OutOfMemory say that it ended otherwise. The process ends with
    the one that asked for it, however that ends.
    """
    ours, theirs = _forkserver.Pipe(duplex=False)
    process = _forkserver.Process(
        target=_run_in_child, args=(theirs, work, arguments, limits), daemon=True, name=work
    )
    with ours:
        with _children_lock, theirs:
            _forkserver.set_forkserver_preload([*sorted(_preloaded), *_modules_of_main()])
            process.start()
        try:
            return _receive_result(ours, limits, on_progress)
        except EOFError:
            raise _work_error(process, limits) from None
        finally:
            _stop_process(process)


def _modules_of_main() -> set[str]:
    """Return the modules that the running script took its names from.

    A child imports that script again (multiprocessing does so for functions defined there); when
    the helper has its modules already, that takes no time.
    """
    names = vars(sys.modules["__main__"]).values()
    modules = {getattr(value, "__module__", None) for value in names}
    return {name for name in modules if isinstance(name, str) and name != "__main__"}


def _receive_result(pipe: Connection, limits: Limits, on_progress: Report | None) -> Any:
    """Return the result that comes through the pipe; raises EOFError when the process died."""
    deadline = monotonic() + _FORKSERVER_START_SECONDS + limits.seconds
    while pipe.poll(max(0.0, deadline - monotonic())):
        kind, value = pipe.recv()
        if kind == "result":
            return value
        if kind == "refused":
            raise value
        if on_progress:
            on_progress(value)
    raise OutOfTime(_time_limit_message(limits))


def _work_error(process: Any, limits: Limits) -> WorkError:
    """Return what to raise for a process that ended without a result."""
    wait([process.sentinel], timeout=5)
    with _children_lock:
        code = process.exitcode
    _logger.error("isolated work %s ended with exit code %s", process.name, code)
    if code == -signal.SIGALRM:
        return OutOfTime(_time_limit_message(limits))
    if code is None or code < 0:  # the machine's doing, or C code that got no memory and crashed
        return OutOfMemory(
            "The work stopped unexpectedly, most likely because it ran out of memory."
        )
    return WorkError(
        "The work failed. This is an error in ClaimBook; it is in the log under the id below."
    )


def _time_limit_message(limits: Limits) -> str:
    """Return the sentence for work that reached its time limit."""
    return f"The work was stopped at its time limit of {limits.seconds} seconds."


def _stop_process(process: Any) -> None:
    """See to it that a process has ended, by force unless it ends by itself at once."""
    if not wait([process.sentinel], timeout=1):
        process.kill()
        wait([process.sentinel])
    with _children_lock:
        process.join()
        process.close()


def _run_in_child(pipe: Connection, work: str, arguments: tuple[Any, ...], limits: Limits) -> None:
    """Do the work: this is the life of the isolated process.

    What is no refusal ends the process with a trace on standard error, which is the log's.
    """
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    _apply_limits(limits)
    try:
        function = pkgutil.resolve_name(work)
        result = function(lambda value: pipe.send(("progress", value)), *arguments)
    except ClaimBookError as refusal:
        pipe.send(("refused", refusal))
    except MemoryError:
        megabytes = limits.memory_bytes // 1024**2
        pipe.send(
            (
                "refused",
                OutOfMemory(f"The work needs more memory than its limit of {megabytes} MB."),
            )
        )
    else:
        pipe.send(("result", result))
    finally:
        pipe.close()


def _apply_limits(limits: Limits) -> None:
    """Set the limits of this process; the kernel keeps them, also while C code runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; we end with it
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    wanted = pages * resource.getpagesize() + limits.memory_bytes
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    memory = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the book


def _exit_with_parent() -> None:
    """End this process as soon as the one that asked for it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def slot(folder: Path, name: str, places: int) -> Iterator[None]:
    """Hold one of the `places` for a kind of work, counted over all processes of this machine.

    They are locks on files in the folder, so a process that dies gives its place back. Raises
    BusyError when none is free.
    """
    for number in range(1, places + 1):
        with (folder / f"{name}-{number}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
    raise BusyError(f"The book is already making {places} of these. Please try again in a moment.")
