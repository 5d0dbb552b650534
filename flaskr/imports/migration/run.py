"""Compares the files of a migration with the book, and writes their plan."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from flaskr.claims.models import ENTRY_TEXTS
from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.erased_texts import leave_out_erased
from flaskr.imports.dry_run.reading.staged_files import staged_columns
from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.dry_run.result import DryRun, RowClass
from flaskr.imports.dry_run.row_outcomes import UNCOVERED_WARNING, note_duplicates, warnings_naming
from flaskr.imports.dry_run.staging import BATCH_ROWS, Staging
from flaskr.imports.loaded_columns import AMOUNT_NAMES, LAYOUTS
from flaskr.imports.migration.counters import highest_allotted
from flaskr.imports.migration.exceptions import exception_warnings
from flaskr.imports.migration.facts import CREATE_FIRST_KNOWN, FactsChecker
from flaskr.imports.migration.ledger import LedgerPlanner, staged_entry
from flaskr.imports.migration.left_out import (
    has_rows_of_no_claim,
    leave_out_claims,
    refused_claims_warning,
)
from flaskr.imports.migration.row_outcomes import migration_row_classes
from flaskr.imports.migration.same_entries import CREATE_SAME_ENTRIES
from flaskr.imports.plan import PLAN_SCHEMAS, PlanWriter
from flaskr.imports.tasks import BookContext

_INSTANT = pa.timestamp("us", "UTC")
_NEW_POLICIES = PLAN_SCHEMAS["policies_created"].append(pa.field("policy_at", pa.int64()))
_PLANNED_SCHEMA = pa.schema(
    [
        *(
            field
            for field in PLAN_SCHEMAS["entries"]
            if field.name not in ("claim_id", "claim_at", "reverses_at")
        ),
        pa.field("claim_key", pa.string()),
        pa.field("reverses_row", pa.int64()),
    ]
)
_UNIQUE_COLUMNS = {
    Contents.POLICIES: ("policy_key", "policy_number"),
    Contents.CLAIMS: ("claim_key", "claim_reference"),
    Contents.LEDGER: ("entry_number", "entry_number"),
}

_NOTE_WITHOUT_CLAIM = """INSERT INTO faults
SELECT $file, l.row, 'claim_reference', l.claim_reference,
    'The claim is neither in the file of claims nor in the book. Add it.'
FROM ledger l ANTI JOIN claims USING (claim_key) ANTI JOIN book_claims USING (claim_key)
WHERE l.claim_key IS NOT NULL"""
_NOTE_OTHER_LEDGER = """INSERT INTO faults
SELECT $file, l.row, 'claim_reference', l.claim_reference,
    'The claim has a ledger in the book already, without this entry. Leave its entries out.'
FROM ledger l JOIN book_claims b USING (claim_key) ANTI JOIN same_entries USING (row)
WHERE b.last_transaction_date IS NOT NULL"""
_ROWS_TO_PLAN = """SELECT l.*, coalesce(c.loss_date, b.loss_date) AS loss_date,
    coalesce(c.reported_date, b.reported_date) AS reported_date,
    CASE WHEN b.id IS NULL THEN c.recorded_at ELSE b.recorded_at END AS claim_recorded_at
FROM ledger l LEFT JOIN claims c USING (claim_key) LEFT JOIN book_claims b USING (claim_key)
WHERE b.last_transaction_date IS NULL AND l.claim_key IS NOT NULL AND l.claim_key NOT IN (
    SELECT claim_key FROM ledger WHERE claim_key IS NOT NULL
    AND row IN (SELECT row FROM faults WHERE file = $file))
ORDER BY l.claim_key, l.recorded_at, l.row"""
_STATE_AFTER = """SELECT claim_key, paid_after AS paid, outstanding_after AS outstanding,
    recovered_after AS recovered, status_after AS status, closed_date_after AS closed_date,
    min(transaction_date) OVER (PARTITION BY claim_key) AS first_transaction_date,
    max(transaction_date) OVER (PARTITION BY claim_key) AS last_transaction_date,
    recorded_at AS last_recorded_at
FROM planned
QUALIFY row_number() OVER (PARTITION BY claim_key ORDER BY recorded_at DESC, row DESC) = 1"""
_NEW_CLAIMS = f"""SELECT n.* EXCLUDE (status, paid, outstanding, recovered, closed_date,
    first_transaction_date, last_transaction_date, last_recorded_at),
    coalesce(s.status, 'open') AS status,
    coalesce(s.paid, 0) AS paid, coalesce(s.outstanding, 0) AS outstanding,
    coalesce(s.recovered, 0) AS recovered, s.closed_date,
    s.first_transaction_date, s.last_transaction_date, s.last_recorded_at
FROM new_claims n LEFT JOIN ({_STATE_AFTER}) s USING (claim_key) ORDER BY n.row"""
_CLAIMS_CHANGED = f"""SELECT b.id, b.version, FALSE AS is_edited, TRUE AS is_moved,
    s.* EXCLUDE (claim_key)
FROM ({_STATE_AFTER}) s JOIN book_claims b USING (claim_key) ORDER BY b.id"""
_PLACED = """WITH placed AS (
    SELECT *, row_number() OVER (ORDER BY recorded_at, row) - 1 AS place FROM planned)"""
_ENTRIES = f"""{_PLACED}
SELECT p.* EXCLUDE (claim_key, reverses_row, place), b.id AS claim_id, n.claim_at,
    r.place AS reverses_at
FROM placed p LEFT JOIN book_claims b USING (claim_key)
LEFT JOIN (SELECT claim_key, row_number() OVER (ORDER BY row) - 1 AS claim_at FROM new_claims) n
    USING (claim_key)
LEFT JOIN placed r ON r.row = p.reverses_row
ORDER BY p.place"""
_NO_LEDGER = (
    "The amounts of the claims are not loaded: a migration takes them from the ledger, and no file "
    "is one. Bring the ledger too, or import the claims without a migration."
)
_TEXTS = ", ".join(f"nullif({name}, '') AS {name}" for name in ENTRY_TEXTS)
_ENTRY_TEXTS = f"""{_PLACED}
SELECT place AS entry_at, {_TEXTS} FROM placed JOIN
    (SELECT row, {", ".join(ENTRY_TEXTS)} FROM ledger) USING (row)
WHERE concat({", ".join(ENTRY_TEXTS)}) <> '' ORDER BY place"""


class MigrationRows:
    """The comparison of the files of a migration with the book; `columns` are in their order."""

    def __init__(
        self, staging: Staging, book: BookRows, columns: Sequence[FileColumns], context: BookContext
    ) -> None:
        self.staging, self.book, self.context = staging, book, context
        self.first_posted_at = book.first_posted_at()
        self.positions = {each.layout.contents: at for at, each in enumerate(columns)}
        self.lacks_ledger = Contents.LEDGER not in self.positions and any(
            each.layout is LAYOUTS[Contents.CLAIMS] and AMOUNT_NAMES & each.named
            for each in columns
        )
        self.warnings: list[str] = []

    def compare(self, plan: PlanWriter) -> list[tuple[RowClass, ...]]:
        """Compare the files with the book, write the plan, and return each file's classes."""
        self._prepare_staging()
        self._plan_facts()
        self._plan_ledgers()
        self.refused_claims = leave_out_claims(self.staging, self.positions)
        for name, sql in (
            ("policies_created", "SELECT * FROM new_policies ORDER BY row"),
            ("claims_created", _NEW_CLAIMS),
            ("claims_changed", _CLAIMS_CHANGED),
            ("entries", _ENTRIES),
            ("entry_texts", _ENTRY_TEXTS),
        ):
            for batch in self.staging.batches(sql):
                plan.write(name, batch)
        self._plan_touched(plan)
        return [
            migration_row_classes(self.staging, at, contents)
            for contents, at in self.positions.items()
        ]

    def outcome(self) -> DryRun:
        """Return what the dry run says of the plan besides the classes of rows."""
        warnings = [
            *self.warnings,
            *([_NO_LEDGER] if self.lacks_ledger else []),
            *exception_warnings(self.staging),
            *refused_claims_warning(self.staging, self.refused_claims),
        ]
        return DryRun(
            files=(),
            refusals=(),
            refusal_count=0,
            group_count=0,
            watermark={},
            warnings=tuple(warnings),
            counters=highest_allotted(self.staging),
            refused_claims=self.refused_claims,
            can_leave_out=not has_rows_of_no_claim(self.staging, self.positions),
        )

    def _prepare_staging(self) -> None:
        """Create the tables of absent files, note duplicates, and copy the book's rows."""
        for contents, layout in LAYOUTS.items():
            if contents not in self.positions:
                self.staging.run(f"CREATE TABLE {contents} ({staged_columns(layout)})")
        for contents, at in self.positions.items():
            key, name = _UNIQUE_COLUMNS[contents]
            note_duplicates(self.staging, at, contents, key, name)
        self.staging.run(CREATE_FIRST_KNOWN)
        self.book.copy_claims(
            "SELECT claim_key AS k FROM claims UNION SELECT claim_key FROM ledger"
        )
        self.book.copy_policies(
            "SELECT policy_key AS k FROM policies UNION SELECT policy_key FROM claims"
        )
        self.book.copy_policies_of_claims()
        self.book.copy_entries()
        for contents, at in self.positions.items():
            leave_out_erased(self.staging, at, contents)

    def _plan_facts(self) -> None:
        """Check policies, then claims; add the valid new ones to the tables of new rows."""
        checker = FactsChecker(self.staging, self.context, self.first_posted_at)
        self.staging.make("new_policies", _NEW_POLICIES)
        self.staging.make("new_claims", PLAN_SCHEMAS["claims_created"])
        count = 0
        if Contents.POLICIES in self.positions:
            for rows in checker.policies(self.positions[Contents.POLICIES]):
                numbered = [{**row, "policy_at": count + at} for at, row in enumerate(rows)]
                self.staging.add(
                    "new_policies", pa.RecordBatch.from_pylist(numbered, schema=_NEW_POLICIES)
                )
                count += len(rows)
        if Contents.CLAIMS in self.positions:
            for rows in checker.claims(self.positions[Contents.CLAIMS]):
                batch = pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMAS["claims_created"])
                self.staging.add("new_claims", batch)
        self.staging.add_faults(checker.faults)
        self.warnings = warnings_naming(
            UNCOVERED_WARNING, checker.uncovered, len(checker.uncovered)
        )

    def _plan_ledgers(self) -> None:
        """Plan the ledgers of claims without one; those of other claims are the same or refused."""
        self.staging.make("planned", _PLANNED_SCHEMA)
        self.staging.run(CREATE_SAME_ENTRIES)
        if Contents.LEDGER not in self.positions:
            return
        at = self.positions[Contents.LEDGER]
        self.staging.run(_NOTE_WITHOUT_CLAIM, file=at)
        self.staging.run(_NOTE_OTHER_LEDGER, file=at)
        zone = ZoneInfo(self.context.time_zone)
        planner = LedgerPlanner(at, zone, self.context.now, self.first_posted_at)
        entries = (
            staged_entry(e) for ledger in planner.ledgers(self._rows_to_plan(at)) for e in ledger
        )
        while batch := list(islice(entries, BATCH_ROWS)):
            self.staging.add("planned", pa.RecordBatch.from_pylist(batch, schema=_PLANNED_SCHEMA))
        self.staging.add_faults(planner.faults)

    def _rows_to_plan(self, at: int) -> Iterator[dict[str, Any]]:
        """Yield the ledger rows to plan, sorted by claim."""
        for batch in self.staging.batches(_ROWS_TO_PLAN, file=at):
            yield from batch.to_pylist()

    def _plan_touched(self, plan: PlanWriter) -> None:
        """Write the rows of the book that the plan depends on."""
        touched = (
            "SELECT id AS claim_id, NULL AS policy_id FROM book_claims "
            "UNION ALL SELECT NULL, id FROM book_policies"
        )
        for batch in self.staging.batches(touched):
            plan.write("touched", batch)
