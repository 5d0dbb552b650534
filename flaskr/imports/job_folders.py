"""The folders of imports in progress: created, looked up, listed, and deleted after 30 days."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from flaskr.errors import ClaimBookError
from flaskr.imports.jobs import LOADED, REQUEST, Job, JobRequest, NoSuchJob
from flaskr.private_files import make_private_folder, open_private
from flaskr.values.identity_numbers import without_identity_numbers

JOBS = "jobs"  # in the instance folder
_RETENTION_DAYS = 30
_NAME = re.compile(r"[0-9a-f]{16}", re.ASCII)
_CHUNK_BYTES = 1024 * 1024
_LONGEST_NAME = 200


class FileTooLarge(ClaimBookError):
    """A file over the size limit."""

    status = 413


def job_named(root: Path, name: str) -> Job:
    """Return an import in progress by its name; raises NoSuchJob."""
    folder = root / name
    if not _NAME.fullmatch(name) or not (folder / REQUEST).exists():
        raise NoSuchJob("This import is no longer here; files are kept for 30 days.")
    return Job(folder)


@contextmanager
def new_job(root: Path, request: JobRequest) -> Iterator[Job]:
    """Create an import with its folder, which is removed if the block fails."""
    job = Job(root / secrets.token_hex(8))
    with ExitStack() as undone:
        undone.callback(job.remove)
        make_private_folder(root)
        make_private_folder(job.folder, may_exist=False)
        job.write(REQUEST, asdict(request))
        yield job
        undone.pop_all()


def store_upload(source: IO[bytes], path: Path, max_bytes: int) -> tuple[str, int]:
    """Write a stream to a file; return its SHA-256 and size. Raises FileTooLarge."""
    digest, size = hashlib.sha256(), 0
    with open_private(path, "wb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise FileTooLarge(f"The file is over {max_bytes // 1024**2} MB. Split it.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest(), size


def file_digest(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size


def jobs_under_way(root: Path) -> Sequence[Job]:
    """Return the imports that are not loaded, newest first."""
    if not root.exists():
        return []
    jobs = [Job(folder) for folder in root.iterdir() if (folder / REQUEST).exists()]
    in_progress = [job for job in jobs if job.read(LOADED) is None]
    return sorted(in_progress, key=lambda job: job.request.started_at, reverse=True)


def delete_old_jobs(root: Path, now: datetime | None = None) -> None:
    """Delete the folders of imports, with their files, that are older than 30 days."""
    if not root.exists():
        return
    oldest = ((now or datetime.now(UTC)) - timedelta(days=_RETENTION_DAYS)).timestamp()
    for folder in root.iterdir():
        if folder.stat().st_mtime < oldest and not Job(folder).is_locked:
            shutil.rmtree(folder, ignore_errors=True)


def printable_file_name(name: str) -> str:
    """Return the end of a file's name, without unprintable characters and identity numbers."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return without_identity_numbers(printable)[-_LONGEST_NAME:]
