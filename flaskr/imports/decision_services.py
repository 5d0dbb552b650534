"""What a person decides about an import that was tried: read it otherwise, load it, or drop it.

Each names what it was shown with, so that it means just that.
"""

from typing import Any

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record_separately
from flaskr.errors import ChangedMeanwhile
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.loading.services import check_confirmable
from flaskr.imports.services import told_files


def read_again(job: Job, shown: str, *, actor: str, **changes: Any) -> None:
    """Ask for another dry run; raises JobBusy, and ChangedMeanwhile after one by somebody else.

    Raises NotRecorded, with nothing changed, when the trail does not take it; so does `discard`.
    """
    with job.work():
        _check_shown(job, shown)
        _record_step(Action.IMPORT_READ_AGAIN, job, actor)
        job.ask(**changes, is_confirmed=False, leaves_refused=False, note="")
        job.forget(OUTCOME)


def confirm(job: Job, shown: str, *, leaves_refused: bool, actor: str) -> None:
    """Ask for what was shown to be loaded.

    Raises JobBusy, ChangedMeanwhile when something else is shown by now, and ImportRefused for what
    cannot be loaded so.
    """
    with job.work():
        _check_shown(job, shown)
        check_confirmable(
            job.outcome, leaves_refused=leaves_refused, is_migration=job.asked.is_migration
        )
        job.ask(is_confirmed=True, confirmed_by=actor, leaves_refused=leaves_refused, note="")


def discard(job: Job, *, actor: str) -> None:
    """Drop an import that is not loaded, with its files; raises JobBusy."""
    with job.work():
        _record_step(Action.IMPORT_DROPPED, job, actor)
        job.remove()


def _record_step(action: Action, job: Job, actor: str) -> None:
    """Record a step of an import that is not in the book."""
    told = {"files": told_files(job)}
    record_separately(action, Subject.IMPORT, job.name, actor=actor, after=told)


def _check_shown(job: Job, shown: str) -> None:
    """Raise ChangedMeanwhile unless what is shown now is what a person saw."""
    if shown != job.shown:
        raise ChangedMeanwhile(
            "The import was read again after you opened the page. Nothing was written: check "
            "what it would do now."
        )
