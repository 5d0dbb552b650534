"""Kept exports: files that stay, each in a folder of its own with its manifest.

The folders are all there is; no row of the book tells of them. A folder comes to its place by one
rename, whole and on disk, so there is no manifest without its file, and a name is taken once.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.exports.dictionary import NAMING
from flaskr.exports.manifest import manifest_text
from flaskr.exports.tasks import full_disk_told
from flaskr.values.text import lookup_key

_MANIFEST = "manifest.json"
_MAKING = ".part"
_PIECE_BYTES = 1024 * 1024


class NameTaken(ClaimBookError):
    """A name that a kept export has or had: it stays taken, so that it means one file for ever."""

    status = 409


class KeptDamaged(ClaimBookError):
    """A kept export that is no longer as it was kept."""

    status = 500


@dataclass(frozen=True)
class KeptExport:
    """One kept export: its folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The name that it was kept under."""
        return str(self.manifest["kept"]["name"])

    @property
    def kept_at(self) -> datetime:
        """The instant it was kept at."""
        return datetime.fromisoformat(self.manifest["kept"]["at"])

    @property
    def deleted_at(self) -> datetime | None:
        """The instant its file was deleted at; None while it is there."""
        deleted = self.manifest.get("deleted")
        return datetime.fromisoformat(deleted["at"]) if deleted else None

    @property
    def has_names(self) -> bool:
        """Whether it may say who somebody is: by a column, or by a name that was searched for."""
        searched = bool(self.manifest.get("filter", {}).get("text"))
        by_names = self.manifest["kept"].get("found_by_names", searched)
        return by_names or any(
            column["name"] in NAMING for column in self.manifest.get("columns", ())
        )

    @property
    def path(self) -> Path:
        """Where its file is."""
        return self.folder / f"file.{self.manifest['file']['format']}"

    def opened(self) -> IO[bytes]:
        """Return its file, opened; raises KeptDamaged when it is not there or has another size."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError as error:
            raise KeptDamaged(f"The file of “{self.name}” is missing from the disk.") from error
        if os.fstat(file.fileno()).st_size != self.manifest["file"]["size"]:
            file.close()
            raise KeptDamaged(f"The file of “{self.name}” has changed since it was kept.")
        return file


def kept_exports(root: Path) -> list[KeptExport]:
    """Return every kept export, also those deleted, newest first."""
    paths = [path for path in root.glob(f"*/{_MANIFEST}") if path.parent.suffix != _MAKING]
    found = [KeptExport(path.parent, _manifest_in(path)) for path in paths]
    return sorted(found, key=lambda kept: (kept.kept_at, kept.name), reverse=True)


def kept_export(root: Path, name: str) -> KeptExport | None:
    """Return the kept export of a name, however its letters are cased."""
    folder = folder_of(root, name)
    try:
        return KeptExport(folder, _manifest_in(folder / _MANIFEST))
    except FileNotFoundError:
        return None


def _manifest_in(path: Path) -> dict[str, Any]:
    """Read a manifest; raises KeptDamaged naming its folder when it is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        where = f"kept/{path.parent.name}"
        raise KeptDamaged(
            f"The manifest in {where} cannot be read; restore or remove it."
        ) from error
    return found


def folder_of(root: Path, name: str) -> Path:
    """Return the folder of a name: names may be longer than a file system's, and are folded."""
    return root / hashlib.sha256(lookup_key(name).encode()).hexdigest()[:32]


def refuse_taken(root: Path, name: str) -> None:
    """Raise NameTaken when a kept export has the name, or had."""
    if taken := kept_export(root, name):
        was = "was deleted, but its name cannot be reused" if taken.deleted_at else "already exists"
        raise NameTaken(f"“{taken.name}” {was}. Choose another name.")


def _nothing() -> None:
    """Record nothing."""


def keep(
    root: Path,
    source: IO[bytes],
    manifest: dict[str, Any],
    record: Callable[[], None] = _nothing,
) -> KeptExport:
    """Keep a file with its manifest, copied, proved by its SHA-256 and put on disk.

    `record` is called when all is ready; what it raises leaves nothing kept. Raises NameTaken,
    DiskFull, or KeptDamaged when what was copied is not what the manifest says.
    """
    name = manifest["kept"]["name"]
    with full_disk_told(), _only_one(root):
        _sweep(root)
        refuse_taken(root, name)
        part = KeptExport(root / f"{secrets.token_hex(16)}{_MAKING}", manifest)
        part.folder.mkdir(mode=0o700)
        try:
            if _copied(source, part.path) != manifest["file"]["sha256"]:
                raise KeptDamaged("The file changed while it was being kept. Please try again.")
            _write_manifest(part.folder, manifest)
            record()
            part.folder.rename(folder_of(root, name))
        finally:
            shutil.rmtree(part.folder, ignore_errors=True)
        _put_on_disk(root)
    return KeptExport(folder_of(root, name), manifest)


def delete(
    root: Path, name: str, deleted: dict[str, str], record: Callable[[], None] = _nothing
) -> None:
    """Delete a kept file; `deleted` says when and by whom, and goes into the manifest, which stays.

    `record` is called before; what it raises leaves the file.

    The manifest says so first: then it never tells of a file that is not there, and a sweep ends
    what was cut short. Raises ChangedMeanwhile when it was deleted before.
    """
    with full_disk_told(), _only_one(root):
        kept = kept_export(root, name)
        if kept is None or kept.deleted_at:
            raise ChangedMeanwhile(f"“{name}” was deleted already.")
        record()
        _write_manifest(kept.folder, kept.manifest | {"deleted": deleted})
        kept.path.unlink(missing_ok=True)
        _put_on_disk(kept.folder)


def _sweep(root: Path) -> None:
    """Remove what killed processes left; only for whoever holds the lock."""
    for path in root.glob(f"*{_MAKING}"):
        shutil.rmtree(path)
    for path in root.glob(f"*/*{_MAKING}"):
        path.unlink()
    for kept in kept_exports(root):
        if kept.deleted_at:
            kept.path.unlink(missing_ok=True)


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Be the only one to keep or delete, among all processes; the kernel frees a dead one's."""
    root.mkdir(mode=0o700, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copied(source: IO[bytes], path: Path) -> str:
    """Copy a file to disk, for this user only; return its SHA-256."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as target:
        for piece in iter(partial(source.read, _PIECE_BYTES), b""):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest in place of the one that is there, at once and on disk."""
    making = folder / f"{_MANIFEST}{_MAKING}"
    making.unlink(missing_ok=True)
    making.touch(mode=0o600)
    with making.open("w", encoding="utf-8") as file:
        file.write(manifest_text(manifest))
        file.flush()
        os.fsync(file.fileno())
    making.rename(folder / _MANIFEST)
    _put_on_disk(folder)


def _put_on_disk(folder: Path) -> None:
    """Put on disk which names a folder has."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
