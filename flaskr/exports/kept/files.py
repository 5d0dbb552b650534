"""Store kept exports on disk, each in its own folder with its manifest.

The database has no rows about them. A folder is moved to its place by one rename when it is
complete and on disk, so there is no manifest without its file, and a name is used only once.
"""

import fcntl
import hashlib
import json
import os
import re
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
from flaskr.exit_codes import ExitCode
from flaskr.exports.dictionary import NAMING_COLUMNS
from flaskr.exports.manifest import manifest_text
from flaskr.exports.tasks import explain_full_disk
from flaskr.private_files import make_private_folder, open_private
from flaskr.values.text import lookup_key

MANIFEST = "manifest.json"
_PART = ".part"
FOLDER_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PIECE_BYTES = 1024 * 1024


class NameTaken(ClaimBookError):
    """A kept export has or had the name; names are not reused, so that each means one file."""

    status = 409


class KeptExportDamaged(ClaimBookError):
    """The file or the manifest of a kept export is missing, changed or unreadable."""

    status = 500
    exit_code = ExitCode.DIFFERENT


@dataclass(frozen=True)
class KeptExport:
    """One kept export: its folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the export."""
        return str(self.manifest["kept"]["name"])

    @property
    def kept_at(self) -> datetime:
        """The instant at which it was kept."""
        return datetime.fromisoformat(self.manifest["kept"]["at"])

    @property
    def deleted_at(self) -> datetime | None:
        """The instant at which its file was deleted; None if it was not."""
        deleted = self.manifest.get("deleted")
        return datetime.fromisoformat(deleted["at"]) if deleted else None

    @property
    def has_names(self) -> bool:
        """Whether it may identify people: by a column, or because it was searched by name."""
        searched = bool(self.manifest.get("filter", {}).get("text"))
        by_names = self.manifest["kept"].get("found_by_names", searched)
        return by_names or any(
            column["name"] in NAMING_COLUMNS for column in self.manifest.get("columns", ())
        )

    @property
    def path(self) -> Path:
        """The path of its file."""
        return self.folder / f"file.{self.manifest['file']['format']}"

    def open(self) -> IO[bytes]:
        """Open its file; raises KeptExportDamaged if it is missing or has another size."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError as error:
            missing = f"The file of “{self.name}” is missing from the disk."
            raise KeptExportDamaged(missing) from error
        if os.fstat(file.fileno()).st_size != self.manifest["file"]["size"]:
            file.close()
            raise KeptExportDamaged(f"The file of “{self.name}” has changed since it was kept.")
        return file


def kept_exports(root: Path) -> list[KeptExport]:
    """Return all kept exports, including deleted ones, newest first."""
    paths = [path for path in root.glob(f"*/{MANIFEST}") if path.parent.suffix != _PART]
    exports = [KeptExport(path.parent, _manifest_in(path)) for path in paths]
    return sorted(exports, key=lambda export: (export.kept_at, export.name), reverse=True)


def kept_export(root: Path, name: str) -> KeptExport | None:
    """Return the kept export with a name, ignoring case; None if it does not exist.

    One whose name was erased has that of its folder.
    """
    folder = folder_of(root, name)
    if FOLDER_NAME.fullmatch(name) and not folder.exists():
        folder = root / name
    try:
        return KeptExport(folder, _manifest_in(folder / MANIFEST))
    except FileNotFoundError:
        return None


def _manifest_in(path: Path) -> dict[str, Any]:
    """Read a manifest; raises KeptExportDamaged with its folder if it cannot be read."""
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        where = f"kept/{path.parent.name}"
        raise KeptExportDamaged(
            f"The manifest in {where} cannot be read; restore or remove it."
        ) from error
    return manifest


def folder_of(root: Path, name: str) -> Path:
    """Return the folder for a name: a digest of the case-folded name, which may be long."""
    return root / hashlib.sha256(lookup_key(name).encode()).hexdigest()[:32]


def check_name_is_free(root: Path, name: str) -> None:
    """Raise NameTaken if a kept export has or had the name."""
    if existing := kept_export(root, name):
        is_deleted = bool(existing.deleted_at)
        was = "was deleted, but its name cannot be reused" if is_deleted else "already exists"
        raise NameTaken(f"“{existing.name}” {was}. Choose another name.")


def _record_nothing() -> None:
    """Record nothing."""


def keep_file(
    root: Path,
    source: IO[bytes],
    manifest: dict[str, Any],
    record: Callable[[], None] = _record_nothing,
) -> KeptExport:
    """Copy a file to the kept exports, with its manifest, and check its SHA-256.

    `record` is called when all is ready; if it raises, nothing is kept. Raises NameTaken,
    DiskFull, or KeptExportDamaged if the copy differs from the manifest.
    """
    name = manifest["kept"]["name"]
    with explain_full_disk(), exclusive_lock(root):
        _sweep(root)
        check_name_is_free(root, name)
        part = KeptExport(root / f"{secrets.token_hex(16)}{_PART}", manifest)
        make_private_folder(part.folder, may_exist=False)
        try:
            if _copy_to_disk(source, part.path) != manifest["file"]["sha256"]:
                changed = "The file changed while it was being kept. Please try again."
                raise KeptExportDamaged(changed)
            write_manifest(part.folder, manifest)
            record()
            part.folder.rename(folder_of(root, name))
        finally:
            shutil.rmtree(part.folder, ignore_errors=True)
        _sync_folder(root)
    return KeptExport(folder_of(root, name), manifest)


def delete_file(
    root: Path, name: str, deleted: dict[str, str], record: Callable[[], None] = _record_nothing
) -> None:
    """Delete a kept file; `deleted` (when, by whom) is added to the manifest, which stays.

    `record` is called first; if it raises, the file stays. The manifest is changed before the file
    is removed, so that it never describes a missing file; `_sweep` finishes what was interrupted.
    Raises ChangedMeanwhile if it was deleted already.
    """
    with explain_full_disk(), exclusive_lock(root):
        export = kept_export(root, name)
        if export is None or export.deleted_at:
            raise ChangedMeanwhile(f"“{name}” was deleted already.")
        record()
        write_manifest(export.folder, export.manifest | {"deleted": deleted})
        export.path.unlink(missing_ok=True)
        _sync_folder(export.folder)


def _sweep(root: Path) -> None:
    """Remove what killed processes left; the caller must hold the lock."""
    for path in root.glob(f"*{_PART}"):
        shutil.rmtree(path)
    for path in root.glob(f"*/*{_PART}"):
        path.unlink()
    for export in kept_exports(root):
        if export.deleted_at:
            export.path.unlink(missing_ok=True)


@contextmanager
def exclusive_lock(root: Path) -> Iterator[None]:
    """Hold the lock for keeping and deleting; the kernel releases it if the process dies."""
    make_private_folder(root)
    with open_private(root / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy_to_disk(source: IO[bytes], path: Path) -> str:
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
    making = folder / f"{MANIFEST}{_PART}"
    making.unlink(missing_ok=True)
    with open_private(making, "x", encoding="utf-8") as file:
        file.write(manifest_text(manifest))
        file.flush()
        os.fsync(file.fileno())
    making.rename(folder / MANIFEST)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Sync a folder's entries to disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
