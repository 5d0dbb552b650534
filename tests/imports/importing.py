"""Helpers that write files and import them, in an application context."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from flaskr.extensions import db
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.jobs import Job
from flaskr.imports.loading.services import load_import
from flaskr.imports.loading.tasks import Loaded
from flaskr.imports.services import register_files, try_import
from tests.factories import ACTOR
from tests.optional import optional

FILES = Path(__file__).parent.parent / "files"
GOLDEN = [FILES / "golden" / f"{name}.csv" for name in ("policies", "claims", "ledger")]
COSTS = ("Claim Reference", "Claim Cost")
Row = Sequence[Any]


def write_file(path: Path, *rows: Row) -> Path:
    """Write rows to a workbook or a CSV file; the first row has the titles."""
    if path.suffix == ".xlsx":
        book = optional("openpyxl").Workbook(write_only=True)
        page = book.create_sheet("Claims")
        for row in rows:
            page.append(list(row))
        book.save(path)
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def register(*paths: Path, is_migration: bool = False, actor: str = ACTOR, **options: Any) -> Job:
    """Commit what the test has done so far, and make an import of files."""
    db.session.commit()
    return register_files(paths, actor=actor, is_migration=is_migration, **options)


def load(job: Job, leaves_refused: bool = False) -> Loaded:
    """Confirm an import, and load it."""
    job.update_request(is_confirmed=True, leaves_refused=leaves_refused)
    return load_import(job)


def load_files(*paths: Path, leaves_refused: bool = False, **options: Any) -> DryRun:
    """Make a dry run of files and load them; the result of the dry run."""
    job = register(*paths, **options)
    outcome = try_import(job)
    load(job, leaves_refused)
    return outcome


def load_golden(app: Flask) -> DryRun:
    """Load the golden ledger into the book of an application, and close its connections."""
    with app.app_context():
        outcome = load_files(*GOLDEN, is_migration=True)
        db.session.remove()
        db.engine.dispose()
    return outcome


def counts(outcome: DryRun) -> tuple[int, ...]:
    """How many rows are created, changed, unchanged and refused."""
    return tuple(outcome.count(name) for name in ("created", "changed", "unchanged", "refused"))


class Importing:
    """Imports of rows, each from its own file in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, *rows: Row, name: str = "claims.csv") -> Path:
        return write_file(self.folder / name, *rows)

    def job(self, *rows: Row, name: str = "claims.csv", **options: Any) -> Job:
        """An import of rows after its dry run."""
        return self.new_job(self.write(*rows, name=name), **options)

    def new_job(self, *paths: Path, **options: Any) -> Job:
        """An import of files after its dry run."""
        job = register(*paths, **options)
        try_import(job)
        return job

    def dry_run(self, *rows: Row, **options: Any) -> DryRun:
        """The result of the dry run of some rows."""
        return self.job(*rows, **options).outcome

    def refusals(self, *rows: Row, **options: Any) -> list[str]:
        """The refusals of the dry run of some rows."""
        return [str(refusal) for refusal in self.dry_run(*rows, **options).refusals]

    def load(
        self, *rows: Row, name: str = "claims.csv", leaves_refused: bool = False, **options: Any
    ) -> DryRun:
        """Load some rows; the result of their dry run."""
        path = self.write(*rows, name=name)
        return load_files(path, leaves_refused=leaves_refused, **options)
