"""The dry run: reads the files, compares them with the book, and writes the plan; in isolation."""

# ruff: noqa: S608 - statements are put together from names that the code declares

import shutil
from collections.abc import Sequence
from contextlib import ExitStack

from flaskr.exports.making.snapshot import book_snapshot
from flaskr.facts.lists import Contents
from flaskr.files.readers.dispatch import TableFile, open_table
from flaskr.files.readers.options import Unreadable
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.claim_rows import ClaimRows
from flaskr.imports.dry_run.policy_rows import PolicyRows
from flaskr.imports.dry_run.refused_file import write_refused
from flaskr.imports.dry_run.staged_files import FileColumns, StagedRows, columns_of, stage_file
from flaskr.imports.dry_run.staging import Staging, open_staging
from flaskr.imports.dry_run_result import SHOWN_REFUSALS, DryRun, FileFound, Refusal, RowClass
from flaskr.imports.loading.tasks import PLAN
from flaskr.imports.migration.run import MigrationRows, highest_allotted
from flaskr.imports.plan import PlanWriter
from flaskr.imports.tasks import DryRunTask, FileToRead, ImportRefused
from flaskr.isolation import Report

_OF_TODAY: dict[Contents, type[ClaimRows] | type[PolicyRows]] = {
    Contents.CLAIMS: ClaimRows,
    Contents.POLICIES: PolicyRows,
}


class _Run:
    """One dry run at its staging database."""

    def __init__(self, order: DryRunTask, staging: Staging, report: Report) -> None:
        self.order, self.staging, self.report = order, staging, report
        self.found: list[FileFound] = []
        self.columns: list[FileColumns] = []

    def read(self, at: int, file: FileToRead) -> None:
        """Read one file into the staging database; a refusal names the file and its columns."""
        titles: tuple[str, ...] = ()
        try:
            with open_table(file.path, file.options, self.order.limits) as table:
                titles = table.titles
                self.read_table(at, file, table)
        except (ImportRefused, Unreadable) as error:
            error.at, error.titles = at, titles
            raise

    def read_table(self, at: int, file: FileToRead, table: TableFile) -> None:
        """Read one file onto the staging database, unless a column that it needs is missing."""
        columns = columns_of(file, table.titles, is_migration=self.order.is_migration)
        self._check_contents(file, columns)
        rows = 0
        if not columns.missing:
            typed = StagedRows(self.staging, at, columns, self.order.book.currency)
            stage_file(typed, table, lambda *done: self.report((file.name, *done)))
            rows = typed.rows
        self.columns.append(columns)
        self.found.append(_file_found(file, table, columns, rows))

    def _check_contents(self, file: FileToRead, columns: FileColumns) -> None:
        """Raise ImportRefused for a file that does not belong into this import."""
        contents = columns.layout.contents
        if any(earlier.layout is columns.layout for earlier in self.columns):
            raise ImportRefused(
                f"{file.name}: another file has {contents} too. Combine them into one file."
            )
        if self.order.is_migration:
            return
        if contents is Contents.LEDGER:
            raise ImportRefused(
                f"{file.name} is the ledger of an older system. Import it as a migration."
            )
        if len(self.order.files) > 1:
            raise ImportRefused(
                f"{file.name}: several files can only be imported together as a migration from "
                "an older system. Import one at a time."
            )

    def judge(self) -> DryRun:
        """Compare what was read with the book."""
        if any(found.missing for found in self.found):
            return DryRun(tuple(self.found), (), 0, {})
        self.report(("book", 0, 0, 0))
        with ExitStack() as stack:
            snapshot = stack.enter_context(book_snapshot(self.order.book.address))
            book = BookRows(self.staging, snapshot, self.order.book.dialect)
            watermark = book.watermark()
            plan = PlanWriter(self.order.folder / PLAN)
            stack.callback(plan.close)
            classes, warnings = self.classes(book, plan)
        found = tuple(
            _replace_classes(each, some) for each, some in zip(self.found, classes, strict=True)
        )
        refusals, count = self.refusals()
        counters = highest_allotted(self.staging) if self.order.is_migration else {}
        entries = plan.rows["entries"]
        return DryRun(found, refusals, count, watermark, tuple(warnings), entries, counters)

    def classes(
        self, book: BookRows, plan: PlanWriter
    ) -> tuple[Sequence[tuple[RowClass, ...]], list[str]]:
        """Return the classes of each file's rows, and what to warn of; writes the plan."""
        if self.order.is_migration:
            migration = MigrationRows(self.staging, book, self.columns, self.order.book)
            return migration.judge(plan), migration.warnings
        (columns,) = self.columns
        kind = _OF_TODAY[columns.layout.contents]
        rows = kind(self.staging, book, 0, columns.given, self.order.book.today)
        return [rows.judge(plan)], rows.warnings

    def refusals(self) -> tuple[tuple[Refusal, ...], int]:
        """Return the first faults, in the order of the files, and how many there are."""
        first = self.staging.run(
            "SELECT file, row, field, value, text FROM faults "
            f"ORDER BY file, row, field LIMIT {SHOWN_REFUSALS}"
        ).fetchall()
        shown = tuple(
            Refusal(
                self.order.files[at].name,
                row,
                self.columns[at].titles.get(field, field) if field else "",
                value or "",
                text,
            )
            for at, row, field, value, text in first
        )
        return shown, self.staging.one("SELECT count(*) FROM faults")


def make_dry_run(report: Report, order: DryRunTask) -> DryRun:
    """Make a dry run: the plan goes to the order's folder, and the refused rows to a file there.

    Reports (what is read, rows so far, bytes so far, bytes in all). Raises ImportRefused and
    Unreadable for a file that cannot be taken at all.
    """
    shutil.rmtree(order.folder / PLAN, ignore_errors=True)
    with open_staging(order.folder) as staging:
        run = _Run(order, staging, report)
        for at, file in enumerate(order.files):
            run.read(at, file)
        outcome = run.judge()
        for at, columns in enumerate(run.columns):
            write_refused(staging, at, columns, order)
    return outcome


def _file_found(file: FileToRead, table: TableFile, columns: FileColumns, rows: int) -> FileFound:
    """Return what is known of a file before its rows are compared."""
    return FileFound(
        name=file.name,
        sha256=file.sha256,
        size=file.size,
        contents=columns.layout.contents,
        kind=table.file_format,
        sheet=table.sheet,
        sheets=table.sheets,
        encoding=str(table.encoding),
        rows=rows,
        columns=columns.uses,
        constants=columns.constants,
        missing=columns.missing,
    )


def _replace_classes(found: FileFound, classes: tuple[RowClass, ...]) -> FileFound:
    """Return what is known of a file with what becomes of its rows."""
    return FileFound(**{**vars(found), "classes": classes})
