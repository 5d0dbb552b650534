"""An import from the file to the book: received, tried, shown, confirmed; the work is isolated."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from flask import Flask, current_app

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import origin, record_apart
from flaskr.database import book_address
from flaskr.errors import BusyError, ClaimBookError
from flaskr.exports.tasks import explain_full_disk
from flaskr.extensions import db
from flaskr.files.readers.options import (
    EncodingNotChosen,
    ReadingLimits,
    SheetNotChosen,
    Unreadable,
)
from flaskr.imports.dry_run_result import DryRun
from flaskr.imports.job_folders import JOBS, digest_of, new_job, stored, sweep_jobs
from flaskr.imports.jobs import OUTCOME, PROGRESS, Asked, Job, Progress
from flaskr.imports.tasks import BookContext, DryRunTask, ImportRefused
from flaskr.isolation import Limits, OutOfMemory, OutOfTime, place, preload, run_isolated
from flaskr.values.calendar import today, utc_now

_READING_ROOM = preload("flaskr.imports.dry_run.run")
_MAKE_DRY_RUN = f"{_READING_ROOM}:make_dry_run"
_LOADING_ROOM = preload("flaskr.imports.loading.run")
LOAD_PLAN = f"{_LOADING_ROOM}:load_plan"
_AT_ONCE = 2
_WAIT_SECONDS = 120
_TOLD_EVERY = 0.5
_LONGEST_NAME = 200
Told = Callable[[Progress], None]


def jobs_folder() -> Path:
    """Return where imports under way are kept."""
    return Path(current_app.config["INSTANCE_FOLDER"]) / JOBS


def _reading_limits() -> ReadingLimits:
    """Return how much a file may be."""
    config = current_app.config
    return ReadingLimits(file_bytes=config["IMPORT_BYTES"], rows=config["IMPORT_ROWS"])


def _limits() -> Limits:
    """Return how much of the machine an import may take."""
    config = current_app.config
    return Limits(config["IMPORT_SECONDS"], config["IMPORT_MEMORY_BYTES"])


def receive(
    uploads: Sequence[tuple[str, IO[bytes]]],
    *,
    actor: str,
    is_migration: bool = False,
    **options: Any,
) -> Job:
    """Keep uploaded files as a new import; `options` are those of reading, the same for all."""
    sweep_jobs(jobs_folder())
    job = new_job(jobs_folder(), Asked(actor, utc_now().isoformat(), (), is_migration))
    files = []
    try:
        with explain_full_disk():
            for at, (name, source) in enumerate(uploads):
                path = job.folder / f"file-{at}"
                sha256, size = stored(source, path, current_app.config["IMPORT_BYTES"])
                files.append({"name": known_as(name), "sha256": sha256, "size": size, **options})
            job.ask(files=tuple(files))
        _record_sent(job, actor)
    except ClaimBookError:
        job.remove()
        raise
    return job


def _record_sent(job: Job, actor: str) -> None:
    """Record which files were sent: by their bytes, for a file's name may be a person's."""
    told = {"files": told_files(job)}
    record_apart(Action.IMPORT_SENT, Subject.IMPORT, job.name, actor=actor, after=told)


def told_files(job: Job) -> list[str]:
    """Return what the trail is told of an import's files."""
    return [f"{file['size']} bytes, sha256 {file['sha256'][:16]}" for file in job.asked.files]


def take(paths: Sequence[Path], *, actor: str, is_migration: bool, **options: Any) -> Job:
    """Make an import of files where they are: for the command."""
    sweep_jobs(jobs_folder())
    files = []
    for path in paths:
        sha256, size = digest_of(path)
        files.append(
            {
                "name": known_as(path.name),
                "path": str(path.resolve()),
                "sha256": sha256,
                "size": size,
                **options,
            }
        )
    asked = Asked(actor, utc_now().isoformat(), tuple(files), is_migration)
    return new_job(jobs_folder(), asked)


def known_as(name: str) -> str:
    """Return the name of a file as the book keeps it: what can be shown, not at length."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return shown[-_LONGEST_NAME:]


def try_import(job: Job, tell: Told | None = None) -> DryRun:
    """Make the dry run of an import and keep what it found.

    Raises ImportRefused, Unreadable and their kin for a file that cannot be taken at all; that is
    kept too.
    """
    with job.work(), waited_place():
        job.forget(OUTCOME)
        order = _dry_run_task(job)
        try:
            outcome: DryRun = run_apart(_MAKE_DRY_RUN, order, job, tell)
            _check_same_files(order)
        except ClaimBookError as error:
            job.write(OUTCOME, _whole_refusal(error))
            raise
        job.write_text(OUTCOME, outcome.to_json())
    return outcome


def _check_same_files(order: DryRunTask) -> None:
    """Raise ImportRefused when a file is not what it was when its SHA-256 was taken."""
    for file in order.files:
        if digest_of(file.path) != (file.sha256, file.size):
            raise ImportRefused(f"{file.name} was changed while it was read. Import it again.")


def _whole_refusal(error: ClaimBookError) -> dict[str, Any]:
    """Return what is kept of why an import is refused as a whole, and how it may be read instead.

    `at` is the place of the file that is why, `titles` are its columns, as far as they are known.
    """
    known = error if isinstance(error, ImportRefused | Unreadable) else None
    return {
        "refused": str(error),
        "status": 413 if isinstance(error, OutOfMemory | OutOfTime) else error.status,
        "sheets": error.sheets if isinstance(error, SheetNotChosen) else (),
        "asks_encoding": isinstance(error, EncodingNotChosen),
        "at": known.at if known else None,
        "titles": known.titles if known else (),
    }


def _dry_run_task(job: Job) -> DryRunTask:
    """Return what the dry run is given."""
    config = current_app.config
    book = BookContext(
        address=book_address(),
        dialect=db.engine.dialect.name,
        currency=config["BOOK_CURRENCY"],
        time_zone=config["BOOK_TIME_ZONE"],
        today=today(),
        now=utc_now(),
    )
    asked = job.asked
    return DryRunTask(job.folder, job.files, asked.is_migration, book, _reading_limits())


@contextmanager
def waited_place() -> Iterator[None]:
    """Hold one of the places for imports, waiting a while for one; raises BusyError."""
    with ExitStack() as held:
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                held.enter_context(place(current_app.config["INSTANCE_FOLDER"], "import", _AT_ONCE))
                break
            except BusyError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield


def run_apart(work: str, order: Any, job: Job, tell: Told | None) -> Any:
    """Run work at an import in isolation, which opens the book for itself; return its result."""
    db.session.remove()  # a transaction that is still open here would keep it waiting
    told = _teller(job, tell)
    return run_isolated(work, order, limits=_limits(), on_progress=told)


def _teller(job: Job, tell: Told | None) -> Callable[[Any], None]:
    """Return what writes an import's progress to its file, now and then, and passes it on."""
    last, what = 0.0, ""

    def told(said: tuple[Any, ...]) -> None:
        nonlocal last, what
        progress = Progress(*said)
        if tell:
            tell(progress)
        if progress.what != what or time.monotonic() - last > _TOLD_EVERY:
            job.write(PROGRESS, vars(progress))
            last, what = time.monotonic(), progress.what

    return told


def in_background(work: Callable[..., Any], job: Job, **values: Any) -> threading.Thread:
    """Do work at an import in a thread, which is returned; what refuses it is kept with it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    came_from = origin.get()

    def run() -> None:
        origin.set(came_from)  # a thread has context variables of its own
        with app.app_context():
            try:
                work(job, **values)
            except ClaimBookError as error:
                app.logger.info("import %s: %s", job.name, error)

    thread = threading.Thread(target=run, name=f"import-{job.name}", daemon=True)
    thread.start()
    return thread
