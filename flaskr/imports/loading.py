"""The loading: writes a plan into the book in one transaction; in the isolated process.

Only the standard driver is used here: ADBC on the same SQLite file would drop its locks.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.bulk.connections import writing
from flaskr.bulk.loading import insert_rows, move_sequence, next_id, update_rows
from flaskr.bulk.tables import TableRows
from flaskr.errors import ClaimBookError
from flaskr.imports.loading_checks import check_untouched, check_written, execute, latest_instant
from flaskr.imports.loading_locks import lock_what_changes
from flaskr.imports.loading_orders import Loaded, LoadOrder
from flaskr.imports.plans import (
    BALANCES,
    CLAIM_FACTS,
    INSTANT,
    POLICY_FACTS,
    plan_batches,
    plan_rows,
)
from flaskr.isolation import Report
from flaskr.sources.models import ImportKind

STATE = ("status", *BALANCES, "closed_date")
NUMBERED = (
    "imports",
    "import_files",
    "policies",
    "claims",
    "ledger_entries",
    "policy_revisions",
    "claim_revisions",
)
IN_ORDER = ("policies_created", "claims_created", "policies_changed", "claims_changed", "entries")


def load_plan(report: Report, order: LoadOrder) -> Loaded:
    """Write all of a plan, or nothing; reports (rows written, rows in all).

    Raises PlanOutdated when the book has changed where the plan touches it.
    """
    with writing(order.address) as connection:
        lock_what_changes(connection, order.plan)
        check_untouched(connection, order.plan, order.watermark)
        loading = Loading(connection, order, report)
        loading.write()
        check_written(connection, order.plan, loading.ids["entries"])
    return Loaded(loading.import_id, plan_rows(order.plan, "entries"))


class Loading:
    """One plan on its way into the book: under one number, at one instant."""

    def __init__(self, connection: Any, order: LoadOrder, report: Report) -> None:
        self.connection, self.order, self.report = connection, order, report
        self.now = max(datetime.now(UTC), latest_instant(connection))
        self.today: date = self.now.astimezone(ZoneInfo(order.time_zone)).date()
        self.rows = {name: plan_rows(order.plan, name) for name in IN_ORDER}
        self.done = 0
        first = {name: next_id(connection, name) for name in NUMBERED}
        self.import_id = first["imports"]
        self.ids = {**first, "entries": first["ledger_entries"]}

    def write(self) -> None:
        """Write the record of the import, then everything that it brings."""
        self.write_record()
        self.insert("policies", "policies_created", self.new_policies)
        self.insert("claims", "claims_created", self.new_claims)
        self.revise("policies", "policy_revisions", self.policy_revisions)
        self.revise("claims", "claim_revisions", self.claim_revisions)
        self.update("policies", self.edited_policies)
        self.update("claims", self.edited_claims)
        self.insert("ledger_entries", "entries", self.entries)
        self.update("claims", self.moved_claims)
        for name, value in sorted(self.order.counters.items()):
            raise_counter(self.connection, name, value)

    def write_record(self) -> None:
        """Write the import and its files."""
        sums = dict.fromkeys(BALANCES, 0)
        for batch in plan_batches(self.order.plan, "entries"):
            for name in BALANCES:
                sums[name] += pc.sum(batch.column(name)).as_py() or 0
        row = {
            "id": self.import_id,
            "kind": self.order.kind.value,
            "recorded_at": self.now,
            "recorded_by": self.order.actor,
            **self.order.counts,
            "entries": self.rows["entries"],
            **sums,
            "undoes": None,
        }
        self.put("imports", [row])
        first = self.ids["import_files"]
        files = [
            {"id": first + at, "import_id": self.import_id, **file}
            for at, file in enumerate(self.order.files)
        ]
        self.put("import_files", files)

    def put(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Insert a few rows."""
        batch = pa.RecordBatch.from_pylist(rows)
        if "recorded_at" in batch.schema.names:
            at = batch.schema.get_field_index("recorded_at")
            batch = batch.set_column(at, "recorded_at", batch.column(at).cast(INSTANT))
        self.put_batch(table, batch)
        move_sequence(self.connection, table, rows[-1]["id"])

    def put_batch(self, table: str, batch: Any) -> None:
        """Insert the rows of one batch."""
        insert_rows(self.connection, TableRows(table, len(batch), lambda: iter([batch])), ignored)

    def insert(self, table: str, plan: str, made: Callable[[Any, int], Any]) -> None:
        """Insert the rows that a part of the plan brings, numbered on from the last."""
        if not (count := self.rows[plan]):
            return
        first = self.ids[table]

        def batches() -> Iterator[Any]:
            start = first
            for batch in plan_batches(self.order.plan, plan):
                yield self.batch({"id": numbers(start, len(batch)), **made(batch, len(batch))})
                start += len(batch)

        insert_rows(self.connection, TableRows(table, count, batches), self.advance)
        move_sequence(self.connection, table, first + count - 1)

    def revise(self, table: str, revisions: str, made: Callable[[Any], Any]) -> None:
        """Keep what the edits of a part of the plan replace."""
        start = self.ids[revisions]
        for batch in self.edited(table):
            rows = {"id": numbers(start, len(batch)), **made(batch)}
            self.put_batch(revisions, self.batch(rows))
            start += len(batch)
        if start > self.ids[revisions]:
            move_sequence(self.connection, revisions, start - 1)

    def edited(self, table: str) -> Iterator[Any]:
        """Yield the changed rows of a part of the plan whose facts change."""
        for batch in plan_batches(self.order.plan, f"{table}_changed"):
            some = batch if table == "policies" else batch.filter(batch.column("is_edited"))
            if len(some):
                yield some

    def update(self, table: str, batches: Callable[[], Iterator[dict[str, Any]]]) -> None:
        """Set what changes; raises unless every row was there."""
        expected = 0

        def counted() -> Iterator[Any]:
            nonlocal expected
            for columns in batches():
                batch = self.batch(columns)
                expected += len(batch)
                yield batch
                self.advance(len(batch))

        if update_rows(self.connection, table, counted()) != expected:
            raise ClaimBookError("A row to change is gone, so nothing was written. Import again.")

    def batch(self, columns: dict[str, Any]) -> pa.RecordBatch:
        """Return columns as a batch."""
        return pa.RecordBatch.from_pydict(columns)

    def advance(self, rows: int) -> None:
        """Tell how far the writing has come."""
        self.done += rows
        self.report((self.done, sum(self.rows.values())))

    def sourced(self, batch: Any, count: int) -> dict[str, Any]:
        """Return the columns that say where rows came from, and who loaded them."""
        return {
            "recorded_by": pa.repeat(self.order.actor, count),
            "import_id": pa.repeat(pa.scalar(self.import_id, pa.int64()), count),
            "import_row": batch.column("row"),
        }

    def instants(self, column: pa.Array) -> pa.Array:
        """Return a column of instants with that of the loading for those that are null."""
        return pc.fill_null(column, pa.scalar(self.now, INSTANT))

    def new_policies(self, batch: Any, count: int) -> dict[str, Any]:
        """Return the columns of new policies."""
        return {
            "policy_number": batch.column("policy_number"),
            "policy_number_key": batch.column("policy_key"),
            "policyholder": batch.column("policyholder"),
            **{name: batch.column(name) for name in POLICY_FACTS},
            "recorded_at": self.instants(batch.column("recorded_at")),
            "version": pa.repeat(1, count),
            **self.sourced(batch, count),
        }

    def new_claims(self, batch: Any, count: int) -> dict[str, Any]:
        """Return the columns of new claims."""
        facts = {name: batch.column(name) for name in CLAIM_FACTS}
        policies = pc.add(batch.column("policy_at"), self.ids["policies"])
        facts["policy_id"] = pc.coalesce(facts["policy_id"], policies)
        return {
            "claim_reference": batch.column("claim_reference"),
            "claim_reference_key": batch.column("claim_key"),
            "description": batch.column("description"),
            **facts,
            **{name: batch.column(name) for name in STATE},
            **self.last_entry(batch),
            "recorded_at": self.instants(batch.column("recorded_at")),
            "version": pa.repeat(1, count),
            **self.sourced(batch, count),
        }

    def last_entry(self, batch: Any) -> dict[str, Any]:
        """Return when the claims' last entries are: as the plan says, else that of the loading."""
        day, instant = batch.column("last_transaction_date"), batch.column("last_recorded_at")
        if self.order.kind is ImportKind.MIGRATION:
            return {"last_transaction_date": day, "last_recorded_at": instant}
        money = pc.add(
            pc.add(batch.column("paid"), batch.column("outstanding")), batch.column("recovered")
        )
        has_entry = pc.greater(money, 0)
        if "is_moved" in batch.schema.names:
            has_entry = batch.column("is_moved")
        return {
            "last_transaction_date": pc.if_else(has_entry, pa.scalar(self.today), day),
            "last_recorded_at": pc.if_else(has_entry, pa.scalar(self.now, INSTANT), instant),
        }

    def policy_revisions(self, batch: Any) -> dict[str, Any]:
        """Return what edits of policies replace."""
        return {
            "policy_id": batch.column("id"),
            **{name: batch.column(f"{name}_before") for name in POLICY_FACTS},
            "policyholder_changed": batch.column("policyholder_changed"),
            **self.replaced(len(batch)),
        }

    def claim_revisions(self, batch: Any) -> dict[str, Any]:
        """Return what edits of claims replace."""
        return {
            "claim_id": batch.column("id"),
            **{name: batch.column(f"{name}_before") for name in CLAIM_FACTS},
            "description_changed": batch.column("description_changed"),
            **self.replaced(len(batch)),
        }

    def replaced(self, count: int) -> dict[str, Any]:
        """Return when facts were replaced, by whom and by which import."""
        return {
            "replaced_at": pa.repeat(pa.scalar(self.now, INSTANT), count),
            "replaced_by": pa.repeat(self.order.actor, count),
            "import_id": pa.repeat(pa.scalar(self.import_id, pa.int64()), count),
        }

    def edited_policies(self) -> Iterator[dict[str, Any]]:
        """Yield the facts that policies get."""
        for batch in self.edited("policies"):
            yield {
                **{name: batch.column(name) for name in ("id", "policyholder", *POLICY_FACTS)},
                "version": pc.add(batch.column("version"), 1),
            }

    def edited_claims(self) -> Iterator[dict[str, Any]]:
        """Yield the facts that claims get."""
        for batch in self.edited("claims"):
            yield {
                **{name: batch.column(name) for name in ("id", "description", *CLAIM_FACTS)},
                "version": pc.add(batch.column("version"), 1),
            }

    def moved_claims(self) -> Iterator[dict[str, Any]]:
        """Yield the states that claims get from their entries."""
        for batch in plan_batches(self.order.plan, "claims_changed"):
            moved = batch.filter(batch.column("is_moved"))
            if len(moved):
                yield {
                    **{name: moved.column(name) for name in ("id", *STATE)},
                    **self.last_entry(moved),
                }

    def entries(self, batch: Any, count: int) -> dict[str, Any]:
        """Return the columns of new ledger entries."""
        claims = pc.add(batch.column("claim_at"), self.ids["claims"])
        reversed_entries = pc.add(batch.column("reverses_at"), self.ids["ledger_entries"])
        is_migration = self.order.kind is ImportKind.MIGRATION
        imported_at = pa.scalar(self.now if is_migration else None, INSTANT)
        return {
            "claim_id": pc.coalesce(batch.column("claim_id"), claims),
            "entry_type": batch.column("entry_type"),
            "transaction_date": pc.fill_null(
                batch.column("transaction_date"), pa.scalar(self.today)
            ),
            "recorded_at": self.instants(batch.column("recorded_at")),
            "imported_at": pa.repeat(imported_at, count),
            **{name: batch.column(name) for name in BALANCES},
            **{f"{name}_after": batch.column(f"{name}_after") for name in BALANCES},
            "status_after": batch.column("status_after"),
            "closed_date_after": batch.column("closed_date_after"),
            "reason": batch.column("reason"),
            "reverses": reversed_entries,
            **self.sourced(batch, count),
        }


def numbers(first: int, count: int) -> pa.Array:
    """Return consecutive ids."""
    return pa.array(range(first, first + count), pa.int64())


def ignored(rows: int) -> None:
    """Take no notice of progress."""


def raise_counter(connection: Any, name: str, at_least: int) -> None:
    """Move a counter past the references that a migration brought."""
    execute(
        connection,
        "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
        "CASE WHEN counters.value > excluded.value THEN counters.value ELSE excluded.value END",
        name,
        at_least,
    )
