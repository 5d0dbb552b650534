"""Write the files of kept exports so that they are on disk, whole, and for this user only."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from flaskr.exports.manifest import manifest_text
from flaskr.private_files import make_private_folder, open_private

MANIFEST = "manifest.json"
PART = ".part"  # ends the name of what is being written

_PIECE_BYTES = 1024 * 1024


def copy_to_disk(source: IO[bytes], path: Path) -> str:
    """Copy a file and sync it to disk, readable by this user only; return its SHA-256."""
    digest = hashlib.sha256()
    with open_private(path, "xb") as target:
        for piece in iter(partial(source.read, _PIECE_BYTES), b""):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Replace a manifest atomically and sync it to disk."""
    making = folder / f"{MANIFEST}{PART}"
    making.unlink(missing_ok=True)
    with open_private(making, "x", encoding="utf-8") as file:
        file.write(manifest_text(manifest))
        file.flush()
        os.fsync(file.fileno())
    making.rename(folder / MANIFEST)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Sync a folder's entries to disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def exclusive_lock(root: Path) -> Iterator[None]:
    """Hold the lock for keeping and deleting; the kernel releases it if the process dies."""
    make_private_folder(root)
    with open_private(root / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
