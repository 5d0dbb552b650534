"""The spool: where a file is made before it is sent, with nothing left behind."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LEFTOVER_SECONDS = 600


@contextmanager
def spooled_file(folder: Path, ending: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """Make an empty file that only this user can read; its path, and it opened for reading.

    The file's name is gone when the block ends, by an error too; what was opened can still be read
    and is gone once it is closed. As long as it is open it is locked, so no sweep takes it.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.{ending}"
    file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "rb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path, file
    except BaseException:
        file.close()
        raise
    finally:
        path.unlink(missing_ok=True)


def sweep(folder: Path, most_bytes: int) -> None:
    """Remove what killed processes left in the spool: after ten minutes, or when it is too much.

    Files that are being made are kept, whatever their age or size.
    """
    with suppress(FileNotFoundError):  # of a file: another sweep was first; of the folder: no spool
        found = [(path.stat(), path) for path in folder.iterdir()]
        total = sum(status.st_size for status, _ in found)
        for status, path in sorted(found, key=lambda pair: pair[0].st_mtime):
            is_old = time.time() - status.st_mtime > LEFTOVER_SECONDS
            if (is_old or total > most_bytes) and remove_leftover(path):
                total -= status.st_size


def remove_leftover(path: Path) -> bool:
    """Remove a file unless somebody has it locked; return whether it is gone."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
    return True
