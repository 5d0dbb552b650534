"""Run heavy or dangerous work in a separate, short-lived process with time and memory limits.

The process is forked from multiprocessing's fork server, which has imported what the work needs.
So it starts in milliseconds, shares nothing with the web process, and frees all its memory when it
ends.
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

from flaskr.database.failures import failure_of
from flaskr.database.writer_queue import holds_turn
from flaskr.errors import BusyError, ClaimBookError
from flaskr.private_files import open_private
from flaskr.processes.logs import FaultsLogged, configure_logging

_logger = logging.getLogger(__name__)

Report = Callable[[Any], None]
# Allowed for the first start of the fork server on a slow machine, besides the work's own limit.
_FORKSERVER_START_SECONDS = 60.0

_forkserver = multiprocessing.get_context("forkserver")
# multiprocessing's list of children is not thread-safe: two threads that check the same process at
# the same time may both collect its exit code, and one of them gets 255.
_children_lock = threading.Lock()
_preloaded: set[str] = set()


@dataclass(frozen=True)
class Limits:
    """The limits of one call: wall-clock seconds, and bytes beyond what the fork server has."""

    seconds: int
    memory_bytes: int


class WorkError(ClaimBookError):
    """Isolated work that ended without a result: an error in ClaimBook, which is in the log."""

    status = 500


class OutOfTime(WorkError):
    """Isolated work that was stopped at its time limit."""

    status = 503


class OutOfMemory(WorkError):
    """Isolated work that was stopped at its memory limit."""

    status = 503


def preload(module: str) -> str:
    """Have the fork server import a module when it starts, and return the module's name.

    Call it at import time: the fork server starts with the first isolated work of a web process,
    and modules added later are not in it.
    """
    _preloaded.add(module)
    return module


def run_isolated(
    work: str,
    *arguments: Any,
    limits: Limits,
    on_progress: Report | None = None,
) -> Any:
    """Run `work`, named as "package.module:function", in a separate process; return its result.

    The function is called with a function that reports progress, then with `arguments`. Arguments,
    reports and result are pickled. A ClaimBookError that the work raises is raised here as is;
    work that ends without a result raises WorkError, OutOfTime or OutOfMemory. The process ends
    when this one does, even if this one is killed. Raises RuntimeError in a writing transaction of
    the embedded book, for which all other writers would wait, and the process itself if it writes.
    """
    if holds_turn():
        raise RuntimeError(f"{work} was started in a writing transaction. End it first.")
    receiver, sender = _forkserver.Pipe(duplex=False)
    process = _forkserver.Process(
        target=_run_in_child,
        args=(sender, work, arguments, limits, _logger.getEffectiveLevel()),
        daemon=True,
        name=work,
    )
    with receiver:
        with _children_lock, sender:
            _forkserver.set_forkserver_preload([*sorted(_preloaded), *_modules_of_main()])
            process.start()
        try:
            return _receive_result(receiver, limits, on_progress)
        except EOFError:
            raise _work_error(process, limits) from None
        finally:
            _stop_process(process)


def _modules_of_main() -> set[str]:
    """Return the modules from which the running script imports names.

    multiprocessing imports that script again in each child. That takes no time when the fork server
    already has the script's modules.
    """
    names = vars(sys.modules["__main__"]).values()
    modules = {getattr(value, "__module__", None) for value in names}
    return {name for name in modules if isinstance(name, str) and name != "__main__"}


def _receive_result(receiver: Connection, limits: Limits, on_progress: Report | None) -> Any:
    """Return the result that the process sends; raises EOFError when the process died."""
    deadline = monotonic() + _FORKSERVER_START_SECONDS + limits.seconds
    while receiver.poll(max(0.0, deadline - monotonic())):
        kind, value = receiver.recv()
        if kind == "result":
            return value
        if kind == "error":
            raise value
        if on_progress:
            on_progress(value)
    raise OutOfTime(_time_limit_message(limits))


def _work_error(process: Any, limits: Limits) -> WorkError:
    """Return the error for a process that ended without a result."""
    wait([process.sentinel], timeout=5)
    with _children_lock:
        code = process.exitcode
    _logger.error("isolated work %s ended with exit code %s", process.name, code)
    if code == -signal.SIGALRM:
        return OutOfTime(_time_limit_message(limits))
    if code is None or code < 0:  # killed by the machine, or C code crashed for want of memory
        return OutOfMemory(
            "The work stopped unexpectedly, most likely because it ran out of memory."
        )
    return WorkError("The work failed. This is an error in ClaimBook; it is in the log.")


def _time_limit_message(limits: Limits) -> str:
    """Return the message for work that reached its time limit."""
    return f"The work was stopped at its time limit of {limits.seconds} seconds."


def _stop_process(process: Any) -> None:
    """Wait a second for a process to end, else kill it."""
    if not wait([process.sentinel], timeout=1):
        process.kill()
        wait([process.sentinel])
    with _children_lock:
        process.join()
        process.close()


def _run_in_child(
    sender: Connection, work: str, arguments: tuple[Any, ...], limits: Limits, log_level: int
) -> None:
    """Run the work and log its faults: the main function of the isolated process."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    configure_logging(log_level)
    with FaultsLogged(_logger, work):
        _apply_limits(limits)
        _send_result(sender, work, arguments, limits)


def _send_result(sender: Connection, work: str, arguments: tuple[Any, ...], limits: Limits) -> None:
    """Run the work and send its result, or the error that it ended with if that is no fault."""
    try:
        function = pkgutil.resolve_name(work)
        result = function(lambda value: sender.send(("progress", value)), *arguments)
    except ClaimBookError as error:
        sender.send(("error", error))
    except MemoryError:
        megabytes = limits.memory_bytes // 1024**2
        message = f"The work needs more memory than its limit of {megabytes} MB."
        sender.send(("error", OutOfMemory(message)))
    except OSError as error:
        if (failure := failure_of(error)) is None:
            raise
        _logger.error("the disk is %s: %s", failure.word, error)
        sender.send(("error", failure.error()))
    else:
        sender.send(("result", result))
    finally:
        sender.close()


def _apply_limits(limits: Limits) -> None:
    """Set the limits of this process; the kernel enforces them, also while C code runs."""
    os.umask(0o077)  # what it writes may have names
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memory = pages * resource.getpagesize() + limits.memory_bytes
    _, hard_limit = resource.getrlimit(resource.RLIMIT_AS)
    if hard_limit != resource.RLIM_INFINITY:
        memory = min(memory, hard_limit)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would contain the book


def _exit_with_parent() -> None:
    """End this process as soon as its parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def slot(folder: Path, name: str, slots: int) -> Iterator[None]:
    """Hold one of the `slots` for a kind of work, counted over all processes of this machine.

    Each slot is a lock on a file in the folder, so a process that dies frees its slot. Raises
    BusyError when no slot is free.
    """
    for number in range(1, slots + 1):
        with open_private(folder / f"{name}-{number}.lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
    raise BusyError(f"The book is already making {slots} of these. Please try again in a moment.")
