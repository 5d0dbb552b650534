"""The decisions about a dry run: read the files again, load them, or discard them.

Each decision carries the digest of the outcome it was made on, so that it applies to nothing else.
"""

from typing import Any

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record_separately
from flaskr.book.periods import check_not_live
from flaskr.errors import ChangedMeanwhile
from flaskr.imports.jobs import OUTCOME, Job
from flaskr.imports.loading.services import check_confirmable
from flaskr.imports.services import file_evidence


def read_again(job: Job, outcome_digest: str, *, actor: str, **changes: Any) -> None:
    """Request another dry run; raises JobBusy, and ChangedMeanwhile after one by somebody else.

    Raises NotRecorded, with nothing changed, when the trail cannot be written; so does
    `discard_import`.
    """
    with job.lock():
        _check_unchanged(job, outcome_digest)
        _record_step(Action.IMPORT_READ_AGAIN, job, actor)
        job.update_request(
            **changes, is_confirmed=False, leaves_refused=False, loads_again=False, note=""
        )
        job.delete_files(OUTCOME)


def confirm_import(
    job: Job, outcome_digest: str, *, leaves_refused: bool, loads_again: bool, actor: str
) -> None:
    """Confirm that an import is to be loaded as its dry run says.

    Raises JobBusy, ChangedMeanwhile when there is another outcome by now, ImportRefused for an
    outcome that cannot be loaded, LoadedBefore for files that were loaded before unless
    `loads_again`, and LiveBook for a migration into a live book.
    """
    with job.lock():
        _check_unchanged(job, outcome_digest)
        if job.request.is_migration:
            check_not_live("migration")
        check_confirmable(job, job.outcome, leaves_refused=leaves_refused, loads_again=loads_again)
        job.update_request(
            is_confirmed=True,
            confirmed_by=actor,
            leaves_refused=leaves_refused,
            loads_again=loads_again,
            note="",
        )


def discard_import(job: Job, *, actor: str) -> None:
    """Discard an import that is not loaded, with its files; raises JobBusy."""
    with job.lock():
        _record_step(Action.IMPORT_DROPPED, job, actor)
        job.remove()


def _record_step(action: Action, job: Job, actor: str) -> None:
    """Record a step of an import that is not loaded yet."""
    after = {"files": file_evidence(job)}
    record_separately(action, Subject.IMPORT, job.name, actor=actor, after=after)


def _check_unchanged(job: Job, outcome_digest: str) -> None:
    """Raise ChangedMeanwhile unless the outcome is the one that the user saw."""
    if outcome_digest != job.outcome_digest:
        raise ChangedMeanwhile(
            "The import was read again after you opened the page. Nothing was written: check "
            "what it would do now."
        )
