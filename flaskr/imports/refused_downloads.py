"""The files of refused rows that can still be downloaded."""

from pathlib import Path

from flaskr.import_records.models import Import
from flaskr.imports.jobs import Job
from flaskr.imports.tasks import refused_path


def files_with_refusals(job: Job) -> list[int]:
    """Return the positions of the files that have refused rows."""
    return [at for at in range(len(job.request.files)) if refused_path(job.folder, at).exists()]


def loaded_job(root: Path, record: Import) -> Job | None:
    """Return the job that an import was loaded from; None when its files are deleted."""
    job = Job(root / record.job) if record.job else None
    return job if job and job.import_id == record.id else None
