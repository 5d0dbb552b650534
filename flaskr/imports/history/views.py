"""Pages of imports: the list, and one import."""

import json
from typing import Any

from flask import abort, render_template, request

from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.import_records.queries import undo_of
from flaskr.imports.blueprint import blueprint
from flaskr.imports.history.queries import entry_listing, files_of, import_listing
from flaskr.imports.job_folders import delete_old_jobs, jobs_under_way
from flaskr.imports.jobs import Job
from flaskr.imports.refused_downloads import files_with_refusals, loaded_job
from flaskr.imports.services import jobs_folder
from flaskr.users.gate.access import may_import
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Cursor


@blueprint.get("/imports")
@takes(*PAGE_PARAMETERS)
def index():
    """Show every import, newest first, below those in progress."""
    delete_old_jobs(jobs_folder())
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
    """Return the imports in progress, completely uploaded, that the user may work on."""
    jobs = jobs_under_way(jobs_folder())
    return [job for job in jobs if job.request.files and may_import(job.request.is_migration)]


@blueprint.get("/imports/<int:number>")
@takes(*PAGE_PARAMETERS)
def show(number: int) -> Any:
    """Show one import: its files and how they were read, its counts, and its ledger entries."""
    record = db.session.get(Import, number) if number < 2**31 else None
    if record is None:
        abort(404, f"There is no import {number}.")
    files = files_of([number])[number]
    job = loaded_job(jobs_folder(), record)
    return render_template(
        "imports/show.html",
        record=record,
        files=[(file, json.loads(file.mapping)) for file in files],
        page=entry_listing(record).page(Cursor.from_query(request.args)),
        undone_by=undo.id if (undo := undo_of(record)) else None,
        job=job,
        files_with_refusals=files_with_refusals(job) if job else [],
    )
