"""A confirmed import on its way into the book, exactly as it was shown."""

from typing import Any

from flask import current_app
from sqlalchemy import select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import event_values
from flaskr.database import book_address, working
from flaskr.errors import ClaimBookError
from flaskr.exports.dictionary import NAMING_COLUMNS
from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportKind
from flaskr.imports.dry_run_result import DryRun, FileFound
from flaskr.imports.jobs import LOADED, PROGRESS, Job, JobBusy
from flaskr.imports.loading.tasks import PLAN, Loaded, LoadTask, PlanOutdated, mapping_text
from flaskr.imports.services import (
    LOAD_PLAN,
    Told,
    run_apart,
    try_import,
    waited_place,
)
from flaskr.imports.tasks import ImportRefused
from flaskr.isolation import WorkError

_COUNTED = ("created", "changed", "unchanged", "refused")


def load_import(job: Job, tell: Told | None = None) -> Loaded:
    """Load a confirmed import, all that was shown or nothing.

    Raises PlanOutdated, after a new dry run was made, when the book has changed where it matters.
    """
    asked, outcome = job.asked, job.outcome
    try:
        check_confirmable(
            outcome, leaves_refused=asked.leaves_refused, is_migration=asked.is_migration
        )
        return _load(job, outcome, tell)
    except JobBusy:  # whoever is at it goes on
        raise
    except PlanOutdated as error:
        job.ask(is_confirmed=False, leaves_refused=False, note=str(error))
        try_import(job, tell)
        raise
    except ClaimBookError as error:
        job.ask(is_confirmed=False, note=str(error))
        raise


def _load(job: Job, outcome: DryRun, tell: Told | None) -> Loaded:
    """Have the plan of an import written to the book, once."""
    with job.work(), waited_place():
        if already := job.read(LOADED):
            return Loaded(**already)
        job.forget(PROGRESS)
        order = _load_task(job, outcome)
        try:
            loaded: Loaded = run_apart(LOAD_PLAN, order, job, tell)
        except WorkError:
            if (standing := loaded_in_book(job)) is None:
                raise
            loaded = standing  # it ended after the commit, before it could say so
        job.write(LOADED, vars(loaded))
        return loaded


def _load_task(job: Job, outcome: DryRun) -> LoadTask:
    """Return the order to load what was shown; its event says who confirmed it, and from where."""
    asked = job.asked
    actor = asked.confirmed_by or asked.actor
    return LoadTask(
        plan=job.folder / PLAN,
        address=book_address("rw"),
        time_zone=current_app.config["BOOK_TIME_ZONE"],
        kind=ImportKind.MIGRATION if asked.is_migration else ImportKind.FACTS,
        job=job.name,
        actor=actor,
        watermark=dict(outcome.watermark),
        counts={name: outcome.count(name) for name in _COUNTED},
        files=tuple(_file_record(found) for found in outcome.files),
        counters=dict(outcome.counters),
        event=event_values(Action.IMPORT_LOADED, Subject.IMPORT, job.name, actor=actor),
    )


def loaded_in_book(job: Job) -> Loaded | None:
    """Return what the book says of an import whose loading was cut short; None for nothing."""
    with working("read"):
        record = db.session.scalar(select(Import).where(Import.job == job.name))
        found = Loaded(record.id, record.entries) if record else None
        db.session.remove()
    return found


def settle(job: Job) -> None:
    """Write down that an import is in the book, where whoever loaded it ended too early to."""
    if job.asked.is_confirmed and not job.is_worked_at and (loaded := loaded_in_book(job)):
        job.write(LOADED, vars(loaded))


def _file_record(found: FileFound) -> dict[str, Any]:
    """Return what is kept of one file in the book."""
    columns = {use.title: use.name if use.is_loaded else "" for use in found.columns}
    constants = {
        name: "given" if name in NAMING_COLUMNS else value
        for name, value in found.constants.items()
    }
    return {
        "contents": found.contents,
        "file_name": found.name,
        "sha256": found.sha256,
        "size_bytes": found.size,
        "row_count": found.rows,
        "mapping": mapping_text(columns, constants, sheet=found.sheet, encoding=found.encoding),
    }


def check_confirmable(outcome: DryRun, *, leaves_refused: bool, is_migration: bool) -> None:
    """Raise ImportRefused unless a dry run can be loaded so."""
    if not outcome.is_mapped:
        raise ImportRefused("A required column is missing. Choose it first.")
    if outcome.refusal_count and is_migration:
        raise ImportRefused(
            "A migration is loaded completely or not at all: correct the refused rows first."
        )
    if outcome.refusal_count and not leaves_refused:
        raise ImportRefused(
            "Some rows are refused. Correct them, or choose to load the good rows and skip these."
        )
    if not outcome.changes:
        raise ImportRefused("There is nothing to load: the book already has all of it.")
