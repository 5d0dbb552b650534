"""Files into the book as people bring them: written, tried, loaded; in an application context."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from flaskr.extensions import db
from flaskr.imports.dry_run_result import DryRun
from flaskr.imports.jobs import Job
from flaskr.imports.loading.services import load_import
from flaskr.imports.loading.tasks import Loaded
from flaskr.imports.services import take, try_import
from tests.factories import ACTOR
from tests.optional import optional

FILES = Path(__file__).parent.parent / "files"
GOLDEN = [FILES / "golden" / f"{name}.csv" for name in ("policies", "claims", "ledger")]
COSTS = ("Claim Reference", "Claim Cost")
Row = Sequence[Any]


def written(path: Path, *rows: Row) -> Path:
    """A file of rows, the first of which are the titles: a workbook, or CSV."""
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


def taken(*paths: Path, is_migration: bool = False, actor: str = ACTOR, **how: Any) -> Job:
    """An import of files where they are; what the test has done so far is committed."""
    db.session.commit()
    return take(paths, actor=actor, is_migration=is_migration, **how)


def load(job: Job, leaves_refused: bool = False) -> Loaded:
    """Confirm what was shown, and load it."""
    job.ask(is_confirmed=True, leaves_refused=leaves_refused)
    return load_import(job)


def load_files(*paths: Path, leaves_refused: bool = False, **how: Any) -> DryRun:
    """Try files and load them; what the dry run found."""
    job = taken(*paths, **how)
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
    """Imports of rows, each from a file of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, *rows: Row, name: str = "claims.csv") -> Path:
        return written(self.folder / name, *rows)

    def job(self, *rows: Row, name: str = "claims.csv", **how: Any) -> Job:
        """An import that has been tried."""
        return self.job_of(self.write(*rows, name=name), **how)

    def job_of(self, *paths: Path, **how: Any) -> Job:
        """An import of files that has been tried."""
        job = taken(*paths, **how)
        try_import(job)
        return job

    def tried(self, *rows: Row, **how: Any) -> DryRun:
        """What the dry run of some rows found."""
        return self.job(*rows, **how).outcome

    def refusals(self, *rows: Row, **how: Any) -> list[str]:
        """What the dry run of some rows refuses."""
        return [str(refusal) for refusal in self.tried(*rows, **how).refusals]

    def loaded(
        self, *rows: Row, name: str = "claims.csv", leaves_refused: bool = False, **how: Any
    ) -> DryRun:
        """What the dry run of some rows found, which are in the book now."""
        path = self.write(*rows, name=name)
        return load_files(path, leaves_refused=leaves_refused, **how)
