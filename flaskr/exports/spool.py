"""The spool: where a file is made, and stays for ten minutes under the tag that says what it is."""

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

KEPT_SECONDS = 600
_MAKING = ".part"
_FACTS = ".json"
PIN = ".pin"
_TAG = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class FilePart:
    """A file in the making: its path, and it opened for reading; locked as long as it is open."""

    path: Path
    file: IO[bytes]


@contextmanager
def part_in(folder: Path) -> Iterator[FilePart]:
    """Make an empty file that only this user can read; its name is gone when the block ends."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}{_MAKING}"
    with locked_file(path) as file:
        try:
            yield FilePart(path, file)
        finally:
            path.unlink(missing_ok=True)


def locked_file(path: Path) -> IO[bytes]:
    """Make a file and lock it, so that no sweep takes it."""
    while True:
        file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "rb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:  # else a sweep came between the two
            return file
        file.close()


def keep(part: FilePart, tag: str, facts: dict[str, Any]) -> None:
    """Keep a made file under its tag, with what is known of it; facts first, so none lacks them."""
    folder = part.path.parent
    _note(folder / f"{tag}{_FACTS}", json.dumps(facts))
    part.path.rename(folder / tag)


def _note(path: Path, said: str) -> None:
    """Write a small file, which is there whole or not at all."""
    with part_in(path.parent) as part:
        part.path.write_text(said, encoding="utf-8")
        part.path.rename(path)


def kept(folder: Path, tag: str) -> tuple[IO[bytes], dict[str, Any]] | None:
    """Return the file kept under a tag, opened, and its facts; None when it is not there, or old.

    Once opened it can be read to its end, whatever a sweep does.
    """
    if not _TAG.fullmatch(tag):  # it may come from outside
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
    if time.time() - os.fstat(file.fileno()).st_mtime > KEPT_SECONDS:
        file.close()
        return None
    return file, facts


def forget(folder: Path, tag: str) -> None:
    """Remove the file kept under a tag; whoever has it open can read it to its end."""
    for name in (tag, f"{tag}{_FACTS}"):
        (folder / name).unlink(missing_ok=True)


def emptied(folder: Path) -> None:
    """Remove all that is in the spool; waits for what is being made, to remove that too."""
    with suppress(FileNotFoundError):
        for path in folder.glob(f"*{_MAKING}"):
            with suppress(FileNotFoundError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until it is made
        for path in list(folder.iterdir()):
            with suppress(FileNotFoundError):
                _removed(path)


def pin(folder: Path, reader: str, tag: str) -> None:
    """Note which file a reader, named by a digest, was given last.

    The note is there or not, never half: a reader may ask for many parts at once.
    """
    if pinned(folder, reader) != tag:
        _note(folder / f"{reader}{PIN}", tag)


def pinned(folder: Path, reader: str) -> str:
    """Return the tag of the file that a reader was given last; empty for none."""
    try:
        return (folder / f"{reader}{PIN}").read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def sweep(folder: Path, most_bytes: int) -> None:
    """Remove what is older than ten minutes, the oldest of what is too much, and dead parts.

    A part is dead when nobody has it locked: whoever made it was killed. What is being made stays,
    whatever its age or size.
    """
    with suppress(FileNotFoundError):  # of a file: another sweep was first; of the folder: no spool
        found = [(path.stat(), path) for path in folder.iterdir()]
        total = sum(status.st_size for status, _ in found)
        for status, path in sorted(found, key=lambda pair: pair[0].st_mtime):
            is_old = time.time() - status.st_mtime > KEPT_SECONDS
            is_over = total > most_bytes and path.suffix not in (_FACTS, PIN)
            if (is_old or is_over or path.suffix == _MAKING) and _removed(path):
                total -= status.st_size


def _removed(path: Path) -> bool:
    """Remove a file unless somebody has it locked; return whether it is gone."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
    return True
