"""Runs a dry run in the isolated process: reads files, compares them with the book, plans."""

# ruff: noqa: S608 - statements are built from names that the code declares

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from flaskr.exports.making.snapshot import book_snapshot
from flaskr.facts.closed_lists import Contents
from flaskr.files.formats import FileFormat
from flaskr.files.readers.dispatch import TableFile
from flaskr.files.readers.options import Unreadable
from flaskr.imports.dry_run.asked_options import asked_options
from flaskr.imports.dry_run.book_rows import BookRows, settle_doubts
from flaskr.imports.dry_run.claim_rows import ClaimRows
from flaskr.imports.dry_run.erased_texts import erased_notes
from flaskr.imports.dry_run.policy_rows import PolicyRows
from flaskr.imports.dry_run.program_traces import without_kept_apostrophes
from flaskr.imports.dry_run.reading.choices import check_choices, own_choices
from flaskr.imports.dry_run.reading.opened_file import opened_file
from flaskr.imports.dry_run.reading.parsing import ParsingRules
from flaskr.imports.dry_run.reading.samples import Samples
from flaskr.imports.dry_run.reading.staged_files import StagedRows, stage_file
from flaskr.imports.dry_run.reading.totals import doubt_totals, leave_out_totals
from flaskr.imports.dry_run.reading.used_columns import FileColumns, file_columns
from flaskr.imports.dry_run.refusals import first_refusals
from flaskr.imports.dry_run.refused_file import write_refused
from flaskr.imports.dry_run.result import DryRun, FileResult, RowClass
from flaskr.imports.dry_run.staging import Staging, open_staging
from flaskr.imports.loading.tasks import PLAN
from flaskr.imports.migration.run import MigrationRows
from flaskr.imports.plan import PlanWriter
from flaskr.imports.tasks import DryRunTask, FileToRead, ImportRefused
from flaskr.processes.isolation import Report

_ROWS_BY_CONTENTS: dict[Contents, type[ClaimRows] | type[PolicyRows]] = {
    Contents.CLAIMS: ClaimRows,
    Contents.POLICIES: PolicyRows,
}
_NOTHING = DryRun((), (), 0, 0, {})


class _DryRunner:
    """One dry run with its staging database."""

    def __init__(self, task: DryRunTask, staging: Staging, report: Report) -> None:
        self.task, self.staging, self.report = task, staging, report
        self.results: list[FileResult] = []
        self.columns: list[FileColumns] = []

    def read(self, at: int, file: FileToRead) -> None:
        """Read one file into the staging database; an error carries its position and titles."""
        titles: tuple[str, ...] = ()
        try:
            with opened_file(file, self.task) as table:
                titles = table.titles
                columns = self._columns(file, titles)
                samples = None if columns.is_mapped else _samples_of(table, columns)
                if samples:
                    columns = columns.with_samples(samples).without_empty(samples)
                if not (samples and columns.is_mapped):
                    self._read_table(at, file, table, columns)
                    return
            # The samples were read to the end.
            with opened_file(file, self.task) as table:
                self._read_table(at, file, table, columns)
        except (ImportRefused, Unreadable) as error:
            error.at, error.titles = at, titles
            raise

    def _columns(self, file: FileToRead, titles: tuple[str, ...]) -> FileColumns:
        """Return how the columns of a file are used; raises ImportRefused for other contents."""
        currency, is_migration = self.task.book.currency, self.task.is_migration
        if len(self.task.files) > 1:
            file = own_choices(file, titles, currency)
        columns = file_columns(file, titles, currency=currency, is_migration=is_migration)
        self._check_contents(file, columns)
        return columns

    def _read_table(
        self, at: int, file: FileToRead, table: TableFile, columns: FileColumns
    ) -> None:
        """Read one table into the staging database, unless its columns are not mapped yet."""
        rows = 0
        if columns.is_mapped:
            staged = StagedRows(self.staging, at, file, columns, self._rules(file, columns))
            stage_file(staged, table, lambda *done: self.report((file.name, *done)))
            rows, columns = staged.rows, columns.with_samples(staged.samples)
            columns = columns.with_totals(leave_out_totals(self.staging, at, columns))
            if not file.takes_totals:
                doubt_totals(self.staging, at, columns)
        self.columns.append(columns)
        self.results.append(_file_result(file, table, columns, rows))

    def _rules(self, file: FileToRead, columns: FileColumns) -> ParsingRules:
        """Return the rules by which the cells of a file are parsed."""
        return ParsingRules(
            self.task.book.currency,
            self.task.book.time_zone,
            is_signed=columns.layout.is_signed,
            day_order=file.day_order,
            values=file.values,
            strips_controls=file.strips_controls,
            takes_identity_numbers=file.takes_identity_numbers,
        )

    def _check_contents(self, file: FileToRead, columns: FileColumns) -> None:
        """Raise ImportRefused for a file that does not belong in this import."""
        contents = columns.layout.contents
        if any(earlier.layout is columns.layout for earlier in self.columns):
            raise ImportRefused(
                f"{file.name}: another file has {contents} too. Combine them into one file."
            )
        if self.task.is_migration:
            return
        if contents is Contents.LEDGER:
            raise ImportRefused(
                f"{file.name} is the ledger of an older system. Import it as a migration."
            )
        if len(self.task.files) > 1:
            raise ImportRefused(
                f"{file.name}: several files can only be imported together as a migration from "
                "an older system. Import one at a time."
            )

    def compare(self) -> DryRun:
        """Compare the files with the book, and return the result of the dry run."""
        if not all(result.is_mapped for result in self.results):
            return replace(_NOTHING, files=tuple(self.results))
        self.report(("book", 0, 0, 0))
        with ExitStack() as stack:
            snapshot = stack.enter_context(book_snapshot(self.task.book.address))
            book = BookRows(self.staging, snapshot, self.task.book.dialect)
            watermark = book.watermark()
            for at, columns in enumerate(self.columns):
                settle_doubts(self.staging, book, at, columns.layout.contents)
                self._take_off_apostrophes(book, at, columns.layout.contents)
            plan = PlanWriter(self.task.folder / PLAN)
            stack.callback(plan.close)
            classes, outcome = self._classes(book, plan)
        results = tuple(
            replace(
                result,
                classes=each,
                notes=(*result.notes, *erased_notes(self.staging, at)),
                asks=asked_options(self.staging, at),
            )
            for at, (result, each) in enumerate(zip(self.results, classes, strict=True))
        )
        refusals, groups = first_refusals(self.staging, self.task.files, self.columns)
        return replace(
            outcome,
            files=results,
            refusals=refusals,
            refusal_count=self.staging.one("SELECT count(*) FROM faults"),
            group_count=groups,
            watermark=watermark,
            entries=plan.rows["entries"],
        )

    def _take_off_apostrophes(self, book: BookRows, at: int, contents: Contents) -> None:
        """Take off the apostrophes of the book's CSV that another program has kept."""
        if self.results[at].kind == FileFormat.CSV:  # its reader does, unless it is raw
            return
        notes = without_kept_apostrophes(self.staging, book, contents)
        result = self.results[at]
        self.results[at] = replace(result, notes=(*result.notes, *notes))

    def _classes(
        self, book: BookRows, plan: PlanWriter
    ) -> tuple[Sequence[tuple[RowClass, ...]], DryRun]:
        """Write the plan; return the classes of each file's rows, and what else the plan says."""
        if self.task.is_migration:
            migration = MigrationRows(self.staging, book, self.columns, self.task.book)
            by_file = migration.compare(plan)
            return by_file, migration.outcome()
        (columns,) = self.columns
        compare = _ROWS_BY_CONTENTS[columns.layout.contents]
        rows = compare(self.staging, book, 0, columns.named, self.task.book.today)
        classes = rows.compare(plan)
        return [classes], replace(_NOTHING, warnings=tuple(rows.warnings))


def make_dry_run(report: Report, task: DryRunTask) -> DryRun:
    """Make a dry run; the plan and the files of refused rows are written to the task's folder.

    Reports (what is read, rows so far, bytes so far, bytes in all). Raises ImportRefused and
    Unreadable for a file that cannot be imported at all.
    """
    shutil.rmtree(task.folder / PLAN, ignore_errors=True)
    with open_staging(task.folder) as staging:
        run = _DryRunner(task, staging, report)
        for at, file in enumerate(task.files):
            run.read(at, file)
        check_choices(task.files, run.columns)
        outcome = run.compare()
        for at, columns in enumerate(run.columns):
            write_refused(staging, at, columns, task)
    return outcome


def _samples_of(table: TableFile, columns: FileColumns) -> Samples:
    """Return the first values of each column, read until every undecided one has some."""
    samples = Samples(table.titles)
    for batch in table.batches():
        samples.add(batch)
        if not samples.lacking(columns.undecided):
            break
    return samples


def _file_result(file: FileToRead, table: TableFile, columns: FileColumns, rows: int) -> FileResult:
    """Return the result of a file before its rows are compared."""
    return FileResult(
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
        notes=(*columns.notes, *table.notes),
        choices=file.choices,
    )
