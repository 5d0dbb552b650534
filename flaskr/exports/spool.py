"""The spool: a folder where files are made and cached for ten minutes under their tag."""

import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flaskr.private_files import make_private_folder, open_private

SPOOL_SECONDS = 600
_PART = ".part"
_FACTS = ".json"
PIN = ".pin"
_TAG = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class TemporaryFile:
    """A file that is being made: its path, and the open file; it is locked while it is open."""

    path: Path
    file: IO[bytes]


@contextmanager
def temporary_file(folder: Path) -> Iterator[TemporaryFile]:
    """Create an empty file that only this user can read; it is removed when the block ends."""
    if not folder.exists():
        make_private_folder(folder)
    path = folder / f"{secrets.token_hex(16)}{_PART}"
    with locked_file(path) as file:
        try:
            yield TemporaryFile(path, file)
        finally:
            path.unlink(missing_ok=True)


def locked_file(path: Path) -> IO[bytes]:
    """Create a file and lock it, so that `remove_expired` leaves it."""
    while True:
        file = open_private(path, "a+b")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:  # otherwise it was removed before it was locked
            return file
        file.close()


def store_file(part: TemporaryFile, tag: str, facts: dict[str, Any]) -> None:
    """Store a file under its tag, with its facts; the facts first, so that no file lacks them."""
    folder = part.path.parent
    _write_atomically(folder / f"{tag}{_FACTS}", json.dumps(facts))
    part.path.rename(folder / tag)


def _write_atomically(path: Path, text: str) -> None:
    """Write a small file, completely or not at all."""
    with temporary_file(path.parent) as part:
        part.path.write_text(text, encoding="utf-8")
        part.path.rename(path)


def stored_file(folder: Path, tag: str) -> tuple[IO[bytes], dict[str, Any]] | None:
    """Return the open file with a tag, and its facts; None if there is no such file, or it expired.

    An open file can be read to its end, even after it is removed.
    """
    if not _TAG.fullmatch(tag):  # it may come from a request
        return None
    try:
        file = (folder / tag).open("rb")
    except FileNotFoundError:
        return None
    try:
        facts = json.loads((folder / f"{tag}{_FACTS}").read_text(encoding="utf-8"))
    except FileNotFoundError:
        file.close()
        return None
    if time.time() - os.fstat(file.fileno()).st_mtime > SPOOL_SECONDS:
        file.close()
        return None
    return file, facts


def remove_file(folder: Path, tag: str) -> None:
    """Remove the file with a tag; those who have it open can still read it to its end."""
    for name in (tag, f"{tag}{_FACTS}"):
        (folder / name).unlink(missing_ok=True)


def remove_all_files(folder: Path) -> None:
    """Remove all files in the spool; waits for files that are being made, and removes them too."""
    with suppress(FileNotFoundError):
        for path in folder.glob(f"*{_PART}"):
            with suppress(FileNotFoundError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # waits until it is made
        for path in list(folder.iterdir()):
            with suppress(FileNotFoundError):
                _remove_unless_locked(path)


def pin_tag(folder: Path, reader: str, tag: str) -> None:
    """Note the tag of the file that a reader (a digest) was last given.

    The note is written atomically, because a reader may ask for many parts at once.
    """
    if pinned_tag(folder, reader) != tag:
        _write_atomically(folder / f"{reader}{PIN}", tag)


def pinned_tag(folder: Path, reader: str) -> str:
    """Return the tag of the file that a reader was last given; empty if no file was given."""
    try:
        return (folder / f"{reader}{PIN}").read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def remove_expired(folder: Path, most_bytes: int) -> None:
    """Remove files older than ten minutes, the oldest while there is too much, and orphaned parts.

    A part is orphaned when nobody has it locked: the process that made it was killed. Files that
    are being made stay, whatever their age or size.
    """
    with suppress(FileNotFoundError):  # another process removed the file, or there is no folder
        files = [(path.stat(), path) for path in folder.iterdir()]
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda pair: pair[0].st_mtime):
            is_old = time.time() - status.st_mtime > SPOOL_SECONDS
            is_over = total > most_bytes and path.suffix not in (_FACTS, PIN)
            if (is_old or is_over or path.suffix == _PART) and _remove_unless_locked(path):
                total -= status.st_size


def _remove_unless_locked(path: Path) -> bool:
    """Remove a file unless somebody has it locked; return whether it was removed."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
    return True
