"""Loading a confirmed import into the book, exactly as its dry run said."""

from flask import current_app
from sqlalchemy import select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import event_values
from flaskr.database.engine import driver_url
from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError, page_message
from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportKind
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.jobs import LOADED, PROGRESS, Job, JobBusy
from flaskr.imports.loading.records import file_record
from flaskr.imports.loading.tasks import PLAN, Loaded, LoadTask, PlanOutdated
from flaskr.imports.repeats.services import check_not_loaded
from flaskr.imports.services import (
    LOAD_PLAN,
    OnProgress,
    import_slot,
    run_in_isolation,
    try_import,
)
from flaskr.imports.tasks import ImportRefused
from flaskr.processes.isolation import WorkError

_COUNTED = ("created", "changed", "unchanged", "refused")


class NothingToLoad(ImportRefused):
    """An import that would change nothing."""


def load_import(job: Job, on_progress: OnProgress | None = None) -> Loaded:
    """Load a confirmed import, completely or not at all.

    Raises PlanOutdated, after making a new dry run, when the book has changed where it matters.
    """
    request, outcome = job.request, job.outcome
    try:
        check_confirmable(
            job,
            outcome,
            leaves_refused=request.leaves_refused,
            loads_again=request.loads_again,
        )
        return _load(job, outcome, on_progress)
    except JobBusy:  # the other process goes on
        raise
    except PlanOutdated as error:
        job.update_request(
            is_confirmed=False, leaves_refused=False, loads_again=False, note=page_message(error)
        )
        try_import(job, on_progress)
        raise
    except ClaimBookError as error:
        job.update_request(is_confirmed=False, note=page_message(error))
        raise


def _load(job: Job, outcome: DryRun, on_progress: OnProgress | None) -> Loaded:
    """Write the plan of an import to the book, once."""
    with job.lock(), import_slot():
        if already := job.read(LOADED):
            return Loaded(**already)
        job.delete_files(PROGRESS)
        task = _load_task(job, outcome)
        try:
            loaded: Loaded = run_in_isolation(LOAD_PLAN, task, job, on_progress)
        except WorkError:
            if (committed := loaded_from_book(job)) is None:
                raise
            loaded = committed  # the process ended between the commit and its answer
        job.write(LOADED, vars(loaded))
        return loaded


def _load_task(job: Job, outcome: DryRun) -> LoadTask:
    """Return the task of loading an import; its event says who confirmed it, and from where."""
    request = job.request
    actor = request.confirmed_by or request.actor
    return LoadTask(
        plan=job.folder / PLAN,
        address=driver_url("rw"),
        time_zone=current_app.config["BOOK_TIME_ZONE"],
        kind=ImportKind.MIGRATION if request.is_migration else ImportKind.FACTS,
        job=job.name,
        actor=actor,
        watermark=dict(outcome.watermark),
        counts={name: outcome.count(name) for name in _COUNTED},
        files=tuple(file_record(result) for result in outcome.files),
        counters=dict(outcome.counters),
        claims_left_out=outcome.refused_claims or None,
        event=event_values(Action.IMPORT_LOADED, Subject.IMPORT, job.name, actor=actor),
    )


def loaded_from_book(job: Job) -> Loaded | None:
    """Return what the book has of an import whose loading was interrupted; None for nothing."""
    with transaction_mode("read"):
        record = db.session.scalar(select(Import).where(Import.job == job.name))
        loaded = Loaded(record.id, record.entries) if record else None
        db.session.remove()
    return loaded


def record_finished_loading(job: Job) -> None:
    """Mark a job as loaded when its import is in the book, though its loading was interrupted."""
    if job.request.is_confirmed and not job.is_locked and (loaded := loaded_from_book(job)):
        job.write(LOADED, vars(loaded))


def check_confirmable(
    job: Job, outcome: DryRun, *, leaves_refused: bool, loads_again: bool
) -> None:
    """Raise ImportRefused unless the outcome of a dry run can be loaded with these options.

    Raises its child LoadedBefore for files that were loaded before, unless `loads_again`, and
    NothingToLoad if they would change nothing. Leaves no transaction open.
    """
    if not outcome.is_mapped:
        raise ImportRefused("Some columns are not decided yet. Choose what each means first.")
    if not outcome.can_leave_out:
        raise ImportRefused(
            "A refused row of the ledger names no claim, so a part of some ledger would be "
            "missing. Correct it first."
        )
    if outcome.refusal_count and not leaves_refused and job.request.is_migration:
        raise ImportRefused(
            "Some rows are refused. Correct them, or choose to leave their claims out whole."
        )
    if outcome.refusal_count and not leaves_refused:
        raise ImportRefused(
            "Some rows are refused. Correct them, or choose to load the good rows and skip these."
        )
    if not outcome.changes:
        raise NothingToLoad("There is nothing to load: the book already has all of it.")
    if not loads_again:
        check_not_loaded(job, outcome)
