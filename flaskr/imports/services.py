"""Receiving files to import and running dry runs; the heavy work runs in an isolated process."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from flask import Flask, current_app

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import origin, record_separately
from flaskr.book.periods import check_not_live
from flaskr.database.engine import driver_url
from flaskr.database.modes import transaction_mode
from flaskr.errors import BusyError, ClaimBookError, page_message
from flaskr.exports.tasks import explain_full_disk
from flaskr.extensions import db
from flaskr.files.readers.options import (
    EncodingNotChosen,
    ReadingLimits,
    SheetNotChosen,
    Unreadable,
)
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.job_folders import (
    JOBS,
    delete_old_jobs,
    file_digest,
    new_job,
    printable_file_name,
    store_upload,
)
from flaskr.imports.jobs import OUTCOME, PROGRESS, Job, JobRequest, Progress
from flaskr.imports.tasks import BookContext, DryRunTask, ImportRefused
from flaskr.processes.isolation import Limits, OutOfMemory, OutOfTime, preload, run_isolated, slot
from flaskr.values.calendar import today, utc_now

# The modules that the isolated process imports.
_DRY_RUN_MODULE = preload("flaskr.imports.dry_run.run")
_MAKE_DRY_RUN = f"{_DRY_RUN_MODULE}:make_dry_run"
_LOADING_MODULE = preload("flaskr.imports.loading.run")
LOAD_PLAN = f"{_LOADING_MODULE}:load_plan"
_CONCURRENT_IMPORTS = 2
_WAIT_SECONDS = 120
_PROGRESS_SECONDS = 0.5
OnProgress = Callable[[Progress], None]


def jobs_folder() -> Path:
    """Return the folder of imports in progress."""
    return Path(current_app.config["INSTANCE_FOLDER"]) / JOBS


def _reading_limits() -> ReadingLimits:
    """Return the largest size and row count of a file."""
    config = current_app.config
    return ReadingLimits(file_bytes=config["IMPORT_BYTES"], rows=config["IMPORT_ROWS"])


def _limits() -> Limits:
    """Return the time and memory limits of an import."""
    config = current_app.config
    return Limits(config["IMPORT_SECONDS"], config["IMPORT_MEMORY_BYTES"])


def receive_uploads(
    uploads: Sequence[tuple[str, IO[bytes]]],
    *,
    actor: str,
    is_migration: bool = False,
    **options: Any,
) -> Job:
    """Store uploaded files as a new import; the reading `options` are the same for all files."""
    delete_old_jobs(jobs_folder())
    request = JobRequest(actor, utc_now().isoformat(), (), is_migration)
    files = []
    with explain_full_disk(), new_job(jobs_folder(), request) as job:
        for at, (name, source) in enumerate(uploads):
            path = job.folder / f"file-{at}"
            sha256, size = store_upload(source, path, current_app.config["IMPORT_BYTES"])
            files.append(
                {"name": printable_file_name(name), "sha256": sha256, "size": size, **options}
            )
        job.update_request(files=tuple(files))
        _record_upload(job, actor)
    return job


def _record_upload(job: Job, actor: str) -> None:
    """Record the uploaded files by their digests, because a file's name may name a person."""
    after = {"files": file_evidence(job)}
    record_separately(Action.IMPORT_SENT, Subject.IMPORT, job.name, actor=actor, after=after)


def file_evidence(job: Job) -> list[str]:
    """Return what the trail records of an import's files: size and digest."""
    return [f"{file['size']} bytes, sha256 {file['sha256'][:16]}" for file in job.request.files]


def register_files(paths: Sequence[Path], *, actor: str, is_migration: bool, **options: Any) -> Job:
    """Make an import of files that stay where they are, for the command."""
    delete_old_jobs(jobs_folder())
    files = []
    for path in paths:
        sha256, size = file_digest(path)
        files.append(
            {
                "name": printable_file_name(path.name),
                "path": str(path.resolve()),
                "sha256": sha256,
                "size": size,
                **options,
            }
        )
    request = JobRequest(actor, utc_now().isoformat(), tuple(files), is_migration)
    with explain_full_disk(), new_job(jobs_folder(), request) as job:
        return job


def try_import(job: Job, on_progress: OnProgress | None = None) -> DryRun:
    """Make the dry run of an import and store its result.

    Raises ImportRefused, Unreadable or a related error for a file that cannot be imported at all;
    the reason is stored too.
    """
    with job.lock(), import_slot():
        job.delete_files(OUTCOME)
        task = _dry_run_task(job)
        try:
            if job.request.is_migration:
                _check_takes_migrations()
            outcome: DryRun = run_in_isolation(_MAKE_DRY_RUN, task, job, on_progress)
            _check_same_files(task)
        except ClaimBookError as error:
            job.write(OUTCOME, _whole_refusal(error))
            raise
        job.write_text(OUTCOME, outcome.to_json())
    return outcome


def _check_takes_migrations() -> None:
    """Raise LiveBook when the book is live; leaves no transaction open."""
    with transaction_mode("read"):
        try:
            check_not_live("migration")
        finally:
            db.session.remove()


def _check_same_files(task: DryRunTask) -> None:
    """Raise ImportRefused when a file has changed since its SHA-256 was computed."""
    for file in task.files:
        if file_digest(file.path) != (file.sha256, file.size):
            raise ImportRefused(f"{file.name} was changed while it was read. Import it again.")


def _whole_refusal(error: ClaimBookError) -> dict[str, Any]:
    """Return what is stored when a whole import is refused: the reason, and the choices left.

    `at` is the position of the file at fault, `titles` are its columns, as far as they are known.
    """
    file_error = error if isinstance(error, ImportRefused | Unreadable) else None
    return {
        "refused": page_message(error),
        "status": 413 if isinstance(error, OutOfMemory | OutOfTime) else error.status,
        "sheets": error.sheets if isinstance(error, SheetNotChosen) else (),
        "asks_encoding": isinstance(error, EncodingNotChosen),
        "at": file_error.at if file_error else None,
        "titles": file_error.titles if file_error else (),
    }


def _dry_run_task(job: Job) -> DryRunTask:
    """Return the task of a dry run."""
    config = current_app.config
    book = BookContext(
        address=driver_url(),
        dialect=db.engine.dialect.name,
        currency=config["BOOK_CURRENCY"],
        time_zone=config["BOOK_TIME_ZONE"],
        today=today(),
        now=utc_now(),
    )
    is_migration = job.request.is_migration
    return DryRunTask(job.folder, job.files, is_migration, book, _reading_limits())


@contextmanager
def import_slot() -> Iterator[None]:
    """Hold one of the slots for imports; raises BusyError when none is free after a while."""
    with ExitStack() as stack:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                folder = current_app.config["INSTANCE_FOLDER"]
                stack.enter_context(slot(folder, "import", _CONCURRENT_IMPORTS))
                break
            except BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield


def run_in_isolation(work: str, task: Any, job: Job, on_progress: OnProgress | None) -> Any:
    """Run a task in an isolated process, which opens its own connection; return its result."""
    db.session.remove()  # a transaction still open here would block it
    return run_isolated(
        work, task, limits=_limits(), on_progress=_progress_writer(job, on_progress)
    )


def _progress_writer(job: Job, on_progress: OnProgress | None) -> Callable[[Any], None]:
    """Return a callback that passes progress on, and writes it to the job's file now and then."""
    written_at, what = 0.0, ""

    def write_progress(values: tuple[Any, ...]) -> None:
        nonlocal written_at, what
        progress = Progress(*values)
        if on_progress:
            on_progress(progress)
        if progress.what != what or time.monotonic() - written_at > _PROGRESS_SECONDS:
            job.write(PROGRESS, vars(progress))
            written_at, what = time.monotonic(), progress.what

    return write_progress


def run_in_background(work: Callable[..., Any], job: Job, **values: Any) -> threading.Thread:
    """Run work on an import in a thread, and return the thread; the job stores what refuses it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    request_origin = origin.get()

    def run() -> None:
        origin.set(request_origin)  # a new thread has its own context variables
        with app.app_context():
            try:
                with explain_full_disk():
                    work(job, **values)
            except ClaimBookError as error:
                app.logger.info("import %s ended with %s", job.name, type(error).__name__)

    thread = threading.Thread(target=run, name=f"import-{job.name}", daemon=True)
    thread.start()
    return thread
