"""Pages of the record: every import, and what one of them brought."""

import json
from typing import Any

from flask import abort, render_template, request

from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.import_records.queries import undo_of
from flaskr.imports.blueprint import blueprint
from flaskr.imports.job_folders import jobs_under_way, sweep_jobs
from flaskr.imports.jobs import Job
from flaskr.imports.records.queries import entry_listing, files_of, import_listing
from flaskr.imports.refused_downloads import loaded_job, refused_places
from flaskr.imports.services import jobs_folder
from flaskr.web.paging import Cursor


@blueprint.get("/imports")
def index():
    """Show every import, newest first, below those that are under way."""
    sweep_jobs(jobs_folder())
    listing = import_listing()
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "imports/index.html",
        page=page,
        count=listing.count(page),
        files=files_of([row.number for row in page.rows]),
        jobs=[] if page.has_newer else _waiting_jobs(),
    )


def _waiting_jobs() -> list[Job]:
    """Return the imports under way whose files have all come."""
    return [job for job in jobs_under_way(jobs_folder()) if job.asked.files]


@blueprint.get("/imports/<int:number>")
def show(number: int) -> Any:
    """Show one import: its files and how they were read, its counts, and its ledger entries."""
    brought = db.session.get(Import, number) if number < 2**31 else None
    if brought is None:
        abort(404, f"There is no import {number}.")
    files = files_of([number])[number]
    job = loaded_job(jobs_folder(), brought)
    return render_template(
        "imports/show.html",
        brought=brought,
        files=[(file, json.loads(file.mapping)) for file in files],
        page=entry_listing(brought).page(Cursor.from_query(request.args)),
        undone_by=undo.id if (undo := undo_of(brought)) else None,
        job=job,
        refused_places=refused_places(job) if job else [],
    )
