"""Loading: writes a plan into the book in one transaction, in the isolated process.

It uses the standard driver only: ADBC on the same SQLite file would drop its locks.
"""

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from flaskr.archive.bulk.connections import book_transaction
from flaskr.archive.bulk.events import insert_event
from flaskr.archive.bulk.loading import insert_rows, move_sequence, next_id, update_rows
from flaskr.archive.bulk.tables import TableRows
from flaskr.book.instants import instant_after_last
from flaskr.book.periods import check_not_live
from flaskr.book.sealing.services import seal_commit
from flaskr.claims.ledger.balances import BALANCES
from flaskr.errors import ClaimBookError
from flaskr.import_records.models import ImportKind
from flaskr.imports.loading.book_checks import (
    check_migrated_instants,
    check_open_day,
    keep_first_posting,
)
from flaskr.imports.loading.checks import check_untouched, check_written, execute
from flaskr.imports.loading.columns import LoadingColumns
from flaskr.imports.loading.locks import lock_planned_rows
from flaskr.imports.loading.tasks import Loaded, LoadTask
from flaskr.imports.plan import INSTANT, PLAN_SCHEMAS, PlanPart, entry_sums, plan_rows
from flaskr.processes.isolation import Report
from flaskr.values.money import from_ore

_TABLES = (
    "imports",
    "import_files",
    "policies",
    "claims",
    "ledger_entries",
    "policy_revisions",
    "claim_revisions",
)
_WRITTEN_PARTS = [name for name in PLAN_SCHEMAS if name != "touched"]
_MakeColumns = Callable[[Any], dict[str, Any]]
_IMPORT_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("kind", pa.string()),
        ("recorded_at", INSTANT),
        ("recorded_by", pa.string()),
        *((name, pa.int64()) for name in ("created", "changed", "unchanged", "refused")),
        *((name, pa.int64()) for name in ("entries", "first_entry")),
        *((name, pa.int64()) for name in BALANCES),
        ("job", pa.string()),
        ("undoes", pa.int64()),
        ("claims_left_out", pa.int64()),
    ]
)


def load_plan(report: Report, task: LoadTask) -> Loaded:
    """Write a plan, completely or not at all; reports (what, rows, rows done, rows in all).

    Raises PlanOutdated when the book has changed where the plan touches it, and LiveBook or
    ImportRefused when it does not take such an import any more.
    """
    with book_transaction(task.address, task.revision) as connection:
        lock_planned_rows(connection, task.plan)
        if task.kind is ImportKind.MIGRATION:
            check_not_live("migration", connection)
        check_untouched(connection, task.plan, task.watermark)
        if task.kind is ImportKind.MIGRATION:
            check_migrated_instants(connection, task.plan)
        loading = _Loading(connection, task, report)
        loading.write()
        check_written(connection, task.plan, loading.first_ids["ledger_entries"])
        seal_commit(connection)
    return Loaded(loading.first_ids["imports"], loading.rows["entries"])


class _Loading:
    """One plan that is being loaded, under one import id and at one instant."""

    def __init__(self, connection: Any, task: LoadTask, report: Report) -> None:
        self.connection, self.task, self.report = connection, task, report
        self.rows = {name: plan_rows(task.plan, name) for name in _WRITTEN_PARTS}
        self.done = 0
        self.first_ids = {name: next_id(connection, name) for name in _TABLES}
        now = instant_after_last(connection)
        self.columns = LoadingColumns(
            import_id=self.first_ids["imports"],
            now=now,
            today=now.astimezone(ZoneInfo(task.time_zone)).date(),
            actor=task.actor,
            kind=task.kind,
            first_ids=self.first_ids,
        )

    def write(self) -> None:
        """Write the record of the import, then all rows of the plan."""
        columns = self.columns
        if self.rows["entries"] and columns.kind is not ImportKind.MIGRATION:
            check_open_day(self.connection, columns.today)
            keep_first_posting(self.connection, columns.now)
        self._write_record()
        edited = self._part("claims_changed", "is_edited")
        moved = self._part("claims_changed", "is_moved")
        self.insert("policies", self._part("policies_created"), columns.new_policies)
        self.insert("claims", self._part("claims_created"), columns.new_claims)
        self.insert("policy_revisions", self._part("policies_changed"), columns.policy_revisions)
        self.insert("claim_revisions", edited, columns.claim_revisions)
        self.update("policies", self._part("policies_changed"), columns.edited_policies)
        self.update("claims", edited, columns.edited_claims)
        self.insert("ledger_entries", self._part("entries"), columns.entries)
        self._insert_texts()
        self.update("claims", moved, columns.moved_claims)
        for name, value in sorted(self.task.counters.items()):
            _raise_counter(self.connection, name, value)
        self._record_event()

    def _record_event(self) -> None:
        """Record the loading in the trail."""
        task = self.task
        after = {
            "job": task.job,
            "kind": task.kind,
            "files": [
                f"{file['size_bytes']} bytes, sha256 {file['sha256'][:16]}" for file in task.files
            ],
            **task.counts,
            **({"claims_left_out": left_out} if (left_out := task.claims_left_out) else {}),
            "entries": self.rows["entries"],
            **{name: from_ore(ore) for name, ore in entry_sums(task.plan).items()},
        }
        number = str(self.first_ids["imports"])
        now = self.columns.now
        insert_event(self.connection, task.event, subject=number, recorded_at=now, after=after)

    def _part(self, name: str, only: str = "") -> PlanPart:
        """Return a table of the plan; with `only`, the rows for which that column is true."""
        return PlanPart(self.task.plan, name, only)

    def _write_record(self) -> None:
        """Write the import and its files."""
        row = {
            "id": self.first_ids["imports"],
            "kind": self.task.kind.value,
            "recorded_at": self.columns.now,
            "recorded_by": self.task.actor,
            **self.task.counts,
            "entries": self.rows["entries"],
            "first_entry": self.first_ids["ledger_entries"] if self.rows["entries"] else None,
            **entry_sums(self.task.plan),
            "job": self.task.job,
            "undoes": None,
            "claims_left_out": self.task.claims_left_out,
        }
        self._insert_few("imports", [row], _IMPORT_SCHEMA)
        first = self.first_ids["import_files"]
        files = [
            {"id": first + at, "import_id": row["id"], **file}
            for at, file in enumerate(self.task.files)
        ]
        self._insert_few("import_files", files)

    def _insert_few(
        self, table: str, rows: list[dict[str, Any]], schema: pa.Schema | None = None
    ) -> None:
        """Insert a few rows."""
        batch = pa.RecordBatch.from_pylist(rows, schema)
        insert_rows(
            self.connection, TableRows(table, len(rows), lambda: iter([batch])), _ignore_progress
        )
        move_sequence(self.connection, table, rows[-1]["id"])

    def insert(self, table: str, part: PlanPart, make_columns: _MakeColumns) -> None:
        """Insert the rows made from a part, with ids that follow the table's last."""
        first = self.first_ids[table]

        def numbered() -> Iterator[Any]:
            start = first
            for batch in part.batches():
                ids = pa.array(range(start, start + len(batch)), pa.int64())
                yield pa.RecordBatch.from_pydict({"id": ids, **make_columns(batch)})
                start += len(batch)

        if count := part.rows():
            insert_rows(self.connection, TableRows(table, count, numbered), self.advance)
            move_sequence(self.connection, table, first + count - 1)

    def _insert_texts(self) -> None:
        """Insert the texts beside the new entries."""
        part = self._part("entry_texts")

        def batches() -> Iterator[Any]:
            for batch in part.batches():
                yield pa.RecordBatch.from_pydict(self.columns.entry_texts(batch))

        if count := part.rows():
            insert_rows(self.connection, TableRows("entry_texts", count, batches), self.advance)

    def update(self, table: str, part: PlanPart, make_columns: _MakeColumns) -> None:
        """Update the rows of a part; raises ClaimBookError unless every row exists."""
        expected = 0

        def counted() -> Iterator[Any]:
            nonlocal expected
            for batch in part.batches():
                expected += len(batch)
                yield pa.RecordBatch.from_pydict(make_columns(batch))
                self.advance(len(batch))

        if update_rows(self.connection, table, counted()) != expected:
            raise ClaimBookError(
                "A row to be changed no longer exists, so nothing was written. Import again."
            )

    def advance(self, rows: int) -> None:
        """Report the progress of writing."""
        self.done += rows
        whole = sum(self.rows.values())
        self.report(("writing", self.done, min(self.done, whole), whole))


def _ignore_progress(rows: int) -> None:
    """Ignore progress."""


def _raise_counter(connection: Any, name: str, at_least: int) -> None:
    """Raise a counter to at least the highest reference that a migration created."""
    execute(
        connection,
        "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
        "CASE WHEN counters.value > excluded.value THEN counters.value ELSE excluded.value END",
        name,
        at_least,
    )
