"""What a person decides about an import that was tried: read it otherwise, load it, or drop it.

Each names what it was shown with, so that it means just that.
"""

from typing import Any

from flaskr.errors import ChangedMeanwhile
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.loading_services import check_confirmable


def read_again(job: Job, shown: str, **changes: Any) -> None:
    """Ask for another dry run; raises JobBusy, and ChangedMeanwhile after one by somebody else."""
    with job.work():
        check_shown(job, shown)
        job.ask(**changes, is_confirmed=False, leaves_refused=False, note="")
        job.forget(OUTCOME)


def confirm(job: Job, shown: str, *, leaves_refused: bool) -> None:
    """Ask for what was shown to be loaded.

    Raises JobBusy, ChangedMeanwhile when something else is shown by now, and ImportRefused for what
    cannot be loaded so.
    """
    with job.work():
        check_shown(job, shown)
        check_confirmable(
            job.outcome, leaves_refused=leaves_refused, is_migration=job.asked.is_migration
        )
        job.ask(is_confirmed=True, leaves_refused=leaves_refused, note="")


def discard(job: Job) -> None:
    """Drop an import that is not loaded, with its files; raises JobBusy."""
    with job.work():
        job.remove()


def check_shown(job: Job, shown: str) -> None:
    """Raise ChangedMeanwhile unless what is shown now is what a person saw."""
    if shown != job.shown:
        raise ChangedMeanwhile(
            "The import was read again after your page was shown. Nothing was written: look at "
            "what it would do now."
        )
