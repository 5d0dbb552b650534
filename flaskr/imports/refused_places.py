"""Which files of an import have refused rows that can still be downloaded."""

from pathlib import Path

from flaskr.imports.jobs import Job
from flaskr.imports.orders import refused_path

REFUSED = "refused-{}.csv"


def refused_places(job: Job) -> list[int]:
    """Return the places of the files of which some rows are refused."""
    return [at for at in range(len(job.asked.files)) if refused_path(job.folder, at).exists()]


def loaded_job(root: Path, number: int) -> Job | None:
    """Return what is left of the files of an import; None when they are gone."""
    if not root.exists():
        return None
    return next((job for job in map(Job, root.iterdir()) if job.loaded_as == number), None)
