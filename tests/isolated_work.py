"""Functions that test_isolation runs in a separate process."""

import os
import signal
import time
from pathlib import Path

from flaskr.errors import LedgerError


def double(report, number):
    report("begun")
    report("half")
    return 2 * number


def refuse(report):
    raise LedgerError("The claim is closed.")


def fail(report):
    raise KeyError("a fault of ours")


def fill_the_disk(report, number):
    raise OSError(number, os.strerror(number))


def be_killed(report):
    os.kill(os.getpid(), signal.SIGKILL)


def allocate(report, size):
    return len(bytearray(size))


def sleep(report, path=""):
    if path:
        Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def hold_the_interpreter(report):
    return pow(3, 10**9)  # one C call that holds the interpreter lock


def process_id(report):
    return os.getpid()
