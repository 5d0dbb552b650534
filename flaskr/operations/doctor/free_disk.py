"""Checks of disks: what is free, the write-ahead log, and network disks."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from sqlalchemy import text

from flaskr.database.engine import is_embedded
from flaskr.database.network_disks import network_filesystem
from flaskr.exports.services import spool_folder
from flaskr.extensions import db
from flaskr.operations.doctor.findings import Finding

_MIB = 1024**2
_LEAST_BYTES = 64 * _MIB  # with less, not even ordinary work is safe
_LARGE_WAL_BYTES = 512 * _MIB
_SIZE = text("SELECT pg_database_size(current_database())")


def check_free_disk() -> Iterator[Finding]:
    """Whether the folders in which files are made have room for an export and an import."""
    config = current_app.config
    book = _book_bytes()
    needed = {
        config["INSTANCE_FOLDER"]: 3 * config["IMPORT_BYTES"] + (book if is_embedded() else 0),
        spool_folder(config): book,
        Path(tempfile.gettempdir()): config["IMPORT_BYTES"],
    }
    by_disk: dict[int, list[Path]] = {}
    for folder in filter(Path.exists, needed):
        by_disk.setdefault(folder.stat().st_dev, []).append(folder)
    for folders in by_disk.values():
        yield _free_on(folders, sum(needed[folder] for folder in folders))


def _free_on(folders: list[Path], needed: int) -> Finding:
    """Return whether the disk of some folders has what they may need."""
    free = shutil.disk_usage(folders[0]).free
    where = " and ".join(str(folder) for folder in folders)
    text_of = (
        f"{free // _MIB} MiB are free for {where}. The largest export and import together may "
        f"need {needed // _MIB} MiB."
    )
    if free < _LEAST_BYTES:
        return Finding.wrong("disk", text_of)
    return (Finding.look if free < needed else Finding.ok)("disk", text_of)


def _book_bytes() -> int:
    """Return the size of the book: the largest export is about as large."""
    if not is_embedded():
        return db.session.scalar(_SIZE) or 0
    return os.stat(str(db.engine.url.database)).st_size


def check_wal() -> Iterator[Finding]:
    """Whether the write-ahead log of the embedded book is of a usual size, on a local disk."""
    if not is_embedded():
        return
    if filesystem := network_filesystem(current_app.config["INSTANCE_FOLDER"]):
        yield Finding.wrong(
            "wal",
            f"The book is on a network disk ({filesystem}), where its log and locks are not safe.",
        )
        return
    wal = Path(os.path.realpath(str(db.engine.url.database)) + "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > _LARGE_WAL_BYTES:
        yield Finding.look(
            "wal",
            f"{wal} has {size // _MIB} MiB that are not moved into the book yet: something has "
            "been reading for long, or nothing was stopped cleanly.",
        )
    else:
        yield Finding.ok("wal", f"The write-ahead log has {size // _MIB} MiB, on a local disk.")
