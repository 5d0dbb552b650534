"""The folders of imports under way: made, found, listed, and deleted after 30 days."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from flaskr.errors import ClaimBookError
from flaskr.imports.jobs import LOADED, ORDER, Asked, Job, NoSuchJob

JOBS = "jobs"  # in the instance folder
_KEPT_DAYS = 30
_NAME = re.compile(r"[0-9a-f]{16}", re.ASCII)
_PIECE_BYTES = 1024 * 1024


class FileTooLarge(ClaimBookError):
    """A file that is larger than what is taken."""

    status = 413


def job_named(root: Path, name: str) -> Job:
    """Return an import under way; raises NoSuchJob."""
    folder = root / name
    if not _NAME.fullmatch(name) or not (folder / ORDER).exists():
        raise NoSuchJob("This import is no longer here; files are kept for 30 days.")
    return Job(folder)


def new_job(root: Path, asked: Asked) -> Job:
    """Make an import's folder."""
    folder = root / secrets.token_hex(8)
    folder.mkdir(parents=True, mode=0o700)
    job = Job(folder)
    job.write(ORDER, asdict(asked))
    return job


def stored(source: IO[bytes], path: Path, most: int) -> tuple[str, int]:
    """Write a stream to a file; return its SHA-256 and size. Raises FileTooLarge."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            if size > most:
                raise FileTooLarge(f"The file is over {most // 1024**2} MB. Split it.")
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest(), size


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size


def jobs_under_way(root: Path) -> Sequence[Job]:
    """Return the imports that are not loaded, newest first."""
    if not root.exists():
        return []
    found = [Job(folder) for folder in root.iterdir() if (folder / ORDER).exists()]
    waiting = [job for job in found if job.read(LOADED) is None]
    return sorted(waiting, key=lambda job: job.asked.started_at, reverse=True)


def sweep_jobs(root: Path, now: datetime | None = None) -> None:
    """Delete the folders of imports, with their files, that are older than 30 days."""
    if not root.exists():
        return
    oldest = ((now or datetime.now(UTC)) - timedelta(days=_KEPT_DAYS)).timestamp()
    for folder in root.iterdir():
        if folder.stat().st_mtime < oldest and not Job(folder).is_worked_at:
            shutil.rmtree(folder, ignore_errors=True)
