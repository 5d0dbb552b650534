"""The loading: writes a plan into the book in one transaction; in the isolated process.

Only the standard driver is used here: ADBC on the same SQLite file would drop its locks.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from flaskr.archive.bulk.connections import book_transaction
from flaskr.archive.bulk.events import insert_event
from flaskr.archive.bulk.loading import insert_rows, move_sequence, next_id, update_rows
from flaskr.archive.bulk.tables import TableRows
from flaskr.errors import ClaimBookError
from flaskr.imports.loading.checks import check_untouched, check_written, execute, latest_instant
from flaskr.imports.loading.columns import LoadingColumns
from flaskr.imports.loading.locks import lock_what_changes
from flaskr.imports.loading.tasks import Loaded, LoadTask
from flaskr.imports.plan import INSTANT, SCHEMAS, PlanPart, entry_sums, plan_rows
from flaskr.isolation import Report
from flaskr.values.money import from_ore

_NUMBERED = (
    "imports",
    "import_files",
    "policies",
    "claims",
    "ledger_entries",
    "policy_revisions",
    "claim_revisions",
)
_PARTS = [name for name in SCHEMAS if name != "touched"]
Made = Callable[[Any], dict[str, Any]]
_RECORD = pa.schema(
    [
        ("id", pa.int64()),
        ("kind", pa.string()),
        ("recorded_at", INSTANT),
        ("recorded_by", pa.string()),
        *((name, pa.int64()) for name in ("created", "changed", "unchanged", "refused")),
        *((name, pa.int64()) for name in ("entries", "first_entry")),
        *((name, pa.int64()) for name in ("paid", "outstanding", "recovered")),
        ("job", pa.string()),
        ("undoes", pa.int64()),
    ]
)


def load_plan(report: Report, order: LoadTask) -> Loaded:
    """Write all of a plan, or nothing; reports (what, rows written, the same, rows in all).

    Raises PlanOutdated when the book has changed where the plan touches it.
    """
    with book_transaction(order.address) as connection:
        lock_what_changes(connection, order.plan)
        check_untouched(connection, order.plan, order.watermark)
        loading = _Loading(connection, order, report)
        loading.write()
        check_written(connection, order.plan, loading.first_ids["ledger_entries"])
    return Loaded(loading.first_ids["imports"], loading.rows["entries"])


class _Loading:
    """One plan on its way into the book: under one number, at one instant."""

    def __init__(self, connection: Any, order: LoadTask, report: Report) -> None:
        self.connection, self.order, self.report = connection, order, report
        self.rows = {name: plan_rows(order.plan, name) for name in _PARTS}
        self.done = 0
        self.first_ids = {name: next_id(connection, name) for name in _NUMBERED}
        now = max(datetime.now(UTC), latest_instant(connection))
        self.columns = LoadingColumns(
            import_id=self.first_ids["imports"],
            now=now,
            today=now.astimezone(ZoneInfo(order.time_zone)).date(),
            actor=order.actor,
            kind=order.kind,
            first_ids=self.first_ids,
        )

    def write(self) -> None:
        """Write the record of the import, then everything that it brings."""
        of = self.columns
        self._write_record()
        edited, moved = (
            self._part("claims_changed", "is_edited"),
            self._part("claims_changed", "is_moved"),
        )
        self.insert("policies", self._part("policies_created"), of.new_policies)
        self.insert("claims", self._part("claims_created"), of.new_claims)
        self.insert("policy_revisions", self._part("policies_changed"), of.policy_revisions)
        self.insert("claim_revisions", edited, of.claim_revisions)
        self.update("policies", self._part("policies_changed"), of.edited_policies)
        self.update("claims", edited, of.edited_claims)
        self.insert("ledger_entries", self._part("entries"), of.entries)
        self.update("claims", moved, of.moved_claims)
        for name, value in sorted(self.order.counters.items()):
            _raise_counter(self.connection, name, value)
        self.record()

    def record(self) -> None:
        """Record in the trail what was loaded."""
        order = self.order
        after = {
            "job": order.job,
            "kind": order.kind,
            "files": [
                f"{file['size_bytes']} bytes, sha256 {file['sha256'][:16]}" for file in order.files
            ],
            **order.counts,
            "entries": self.rows["entries"],
            **{name: from_ore(ore) for name, ore in entry_sums(order.plan).items()},
        }
        number = str(self.first_ids["imports"])
        now = self.columns.now
        insert_event(self.connection, order.event, subject=number, recorded_at=now, after=after)

    def _part(self, name: str, only: str = "") -> PlanPart:
        """Return a part of the plan; of its rows those only for which a column says so."""
        return PlanPart(self.order.plan, name, only)

    def _write_record(self) -> None:
        """Write the import and its files."""
        row = {
            "id": self.first_ids["imports"],
            "kind": self.order.kind.value,
            "recorded_at": self.columns.now,
            "recorded_by": self.order.actor,
            **self.order.counts,
            "entries": self.rows["entries"],
            "first_entry": self.first_ids["ledger_entries"] if self.rows["entries"] else None,
            **entry_sums(self.order.plan),
            "job": self.order.job,
            "undoes": None,
        }
        self.put("imports", [row], _RECORD)
        first = self.first_ids["import_files"]
        files = [
            {"id": first + at, "import_id": row["id"], **file}
            for at, file in enumerate(self.order.files)
        ]
        self.put("import_files", files)

    def put(self, table: str, rows: list[dict[str, Any]], schema: pa.Schema | None = None) -> None:
        """Insert a few rows."""
        batch = pa.RecordBatch.from_pylist(rows, schema)
        insert_rows(self.connection, TableRows(table, len(rows), lambda: iter([batch])), _ignored)
        move_sequence(self.connection, table, rows[-1]["id"])

    def insert(self, table: str, part: PlanPart, made: Made) -> None:
        """Insert the rows that are made of a part, numbered on from the table's last."""
        first = self.first_ids[table]

        def numbered() -> Iterator[Any]:
            start = first
            for batch in part.batches():
                ids = pa.array(range(start, start + len(batch)), pa.int64())
                yield pa.RecordBatch.from_pydict({"id": ids, **made(batch)})
                start += len(batch)

        if count := part.rows():
            insert_rows(self.connection, TableRows(table, count, numbered), self.advance)
            move_sequence(self.connection, table, first + count - 1)

    def update(self, table: str, part: PlanPart, made: Made) -> None:
        """Set what changes; raises unless every row was there."""
        expected = 0

        def counted() -> Iterator[Any]:
            nonlocal expected
            for batch in part.batches():
                expected += len(batch)
                yield pa.RecordBatch.from_pydict(made(batch))
                self.advance(len(batch))

        if update_rows(self.connection, table, counted()) != expected:
            raise ClaimBookError(
                "A row to be changed no longer exists, so nothing was written. Import again."
            )

    def advance(self, rows: int) -> None:
        """Tell how far the writing has come."""
        self.done += rows
        whole = sum(self.rows.values())
        self.report(("writing", self.done, min(self.done, whole), whole))


def _ignored(rows: int) -> None:
    """Take no notice of progress."""


def _raise_counter(connection: Any, name: str, at_least: int) -> None:
    """Move a counter past the references that a migration brought."""
    execute(
        connection,
        "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
        "CASE WHEN counters.value > excluded.value THEN counters.value ELSE excluded.value END",
        name,
        at_least,
    )
