"""Store kept exports on disk, each in its own folder with its manifest.

The database has no rows about them. A folder is moved to its place by one rename when it is
complete and on disk, so there is no manifest without its file, and a name is used only once.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from flaskr.errors import ClaimBookError
from flaskr.exit_codes import ExitCode
from flaskr.exports.dictionary import NAMING_COLUMNS
from flaskr.exports.kept.writing import (
    MANIFEST,
    PART,
    copy_to_disk,
    exclusive_lock,
    sync_folder,
    write_manifest,
)
from flaskr.exports.tasks import explain_full_disk
from flaskr.private_files import make_private_folder
from flaskr.values.text import lookup_key

FOLDER_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)


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
    def kept_by(self) -> str:
        """Who keeps it."""
        return str(self.manifest["kept"]["by"])

    @property
    def hold(self) -> dict[str, str] | None:
        """Why its file may not be deleted: {by, at, reason}; None if it may."""
        hold: dict[str, str] | None = self.manifest["kept"].get("hold")
        return hold

    @property
    def held_at(self) -> datetime | None:
        """The instant from which it is held; None if it is not."""
        return datetime.fromisoformat(self.hold["at"]) if self.hold else None

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
    paths = [path for path in root.glob(f"*/{MANIFEST}") if path.parent.suffix != PART]
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


def record_nothing() -> None:
    """Record nothing."""


def keep_file(
    root: Path,
    source: IO[bytes],
    manifest: dict[str, Any],
    record: Callable[[], None] = record_nothing,
) -> KeptExport:
    """Copy a file to the kept exports, with its manifest, and check its SHA-256.

    `record` is called when all is ready; if it raises, nothing is kept. Raises NameTaken,
    DiskFull, or KeptExportDamaged if the copy differs from the manifest.
    """
    name = manifest["kept"]["name"]
    with explain_full_disk(), exclusive_lock(root):
        _sweep(root)
        check_name_is_free(root, name)
        part = KeptExport(root / f"{secrets.token_hex(16)}{PART}", manifest)
        make_private_folder(part.folder, may_exist=False)
        try:
            if copy_to_disk(source, part.path) != manifest["file"]["sha256"]:
                raise KeptExportDamaged(
                    "The file changed while it was being kept. Please try again."
                )
            write_manifest(part.folder, manifest)
            record()
            part.folder.rename(folder_of(root, name))
        finally:
            shutil.rmtree(part.folder, ignore_errors=True)
        sync_folder(root)
    return KeptExport(folder_of(root, name), manifest)


def _sweep(root: Path) -> None:
    """Remove what killed processes left; the caller must hold the lock."""
    for path in root.glob(f"*{PART}"):
        shutil.rmtree(path)
    for path in root.glob(f"*/*{PART}"):
        path.unlink()
    for export in kept_exports(root):
        if export.deleted_at:
            export.path.unlink(missing_ok=True)
