"""Which files of an import have refused rows that can still be downloaded."""

from pathlib import Path

from flaskr.import_records.models import Import
from flaskr.imports.jobs import Job
from flaskr.imports.tasks import refused_path


def refused_places(job: Job) -> list[int]:
    """Return the places of the files of which some rows are refused."""
    return [at for at in range(len(job.asked.files)) if refused_path(job.folder, at).exists()]


def loaded_job(root: Path, record: Import) -> Job | None:
    """Return what is left of the files of an import; None when they are gone."""
    job = Job(root / record.job) if record.job else None
    return job if job and job.loaded_as == record.id else None
