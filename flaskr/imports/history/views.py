"""Pages of imports: the list, and one import."""

import json
from typing import Any

from flask import abort, render_template, request

from flaskr.audit.presenters import Change
from flaskr.claims.history.presenters import edit_changes
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.import_records.queries import undo_of
from flaskr.imports.blueprint import blueprint
from flaskr.imports.history.queries import (
    EDIT_LISTINGS,
    entry_listing,
    files_of,
    import_listing,
    kinds_of_rows,
)
from flaskr.imports.job_folders import delete_old_jobs, jobs_under_way
from flaskr.imports.jobs import Job
from flaskr.imports.refused_downloads import files_with_refusals, loaded_job
from flaskr.imports.services import jobs_folder
from flaskr.users.gate.access import may_import
from flaskr.web.page_addresses import takes
from flaskr.web.paging import PAGE_PARAMETERS, Count, Cursor, Page

EditRows = list[tuple[Any, list[Change]]]


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
    """Show one import: its files and how they were read, its counts, its edits and its entries."""
    record = _import_or_404(number)
    files = files_of([number])[number]
    job = loaded_job(jobs_folder(), record)
    page = entry_listing(record).page(Cursor.from_query(request.args))
    return render_template(
        "imports/show.html",
        record=record,
        files=[(file, json.loads(file.mapping)) for file in files],
        has_rows=kinds_of_rows(number),
        page=page,
        edits=[] if page.has_newer else _first_edits(record),
        undone_by=undo.id if (undo := undo_of(record)) else None,
        job=job,
        files_with_refusals=files_with_refusals(job) if job else [],
    )


def _import_or_404(number: int) -> Import:
    """Return an import, or abort with 404."""
    record = db.session.get(Import, number) if number < 2**31 else None
    return record or abort(404, f"There is no import {number}.")


def _first_edits(record: Import) -> list[tuple[str, EditRows, Count]]:
    """Return the first edits of an import and their number, of each kind that it has."""
    found = []
    for kind, listing_of in EDIT_LISTINGS.items():
        listing = listing_of(record)
        page = listing.page(Cursor())
        if page.rows:
            found.append((kind, _with_changes(page), listing.count(page)))
    return found


def _with_changes(page: Page[Any]) -> EditRows:
    """Return the edits of a page, each with what it changed."""
    return [(row, edit_changes(row)) for row in page.rows]


@blueprint.get("/imports/<int:number>/<any(claims, policies):kind>")
@takes(*PAGE_PARAMETERS)
def edits(number: int, kind: str) -> Any:
    """Show the claims or the policies that an import edited, in pages."""
    record = _import_or_404(number)
    listing = EDIT_LISTINGS[kind](record)
    page = listing.page(Cursor.from_query(request.args))
    return render_template(
        "imports/edits.html",
        record=record,
        kind=kind,
        page=page,
        edits=_with_changes(page),
        count=listing.count(page),
    )
