"""A migration: policies, claims and their ledger as an older system had them, with its instants."""

# ruff: noqa: S608 - statements are put together from names that the code declares

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from flaskr.facts.lists import Contents
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.row_classes import SEVERAL, UNCOVERED, told
from flaskr.imports.dry_run.staged_files import FileColumns, staged_columns
from flaskr.imports.dry_run.staging import BATCH_ROWS, Staging
from flaskr.imports.dry_run_result import RowClass
from flaskr.imports.layouts import LAYOUTS
from flaskr.imports.migration.facts import FIRST_KNOWN, FactsJudge
from flaskr.imports.migration.ledger import LedgerPlanner, planned_entry
from flaskr.imports.migration.row_classes import classes_of_migrated
from flaskr.imports.plan import SCHEMAS, PlanWriter
from flaskr.imports.tasks import BookContext

_INSTANT = pa.timestamp("us", "UTC")
_NEW_POLICIES = SCHEMAS["policies_created"].append(pa.field("policy_at", pa.int64()))
_PLANNED = pa.schema(
    [
        *(
            field
            for field in SCHEMAS["entries"]
            if field.name not in ("claim_id", "claim_at", "reverses_at")
        ),
        pa.field("claim_key", pa.string()),
        pa.field("reverses_row", pa.int64()),
    ]
)
_UNIQUE = {
    Contents.POLICIES: ("policy_key", "policy_number"),
    Contents.CLAIMS: ("claim_key", "claim_reference"),
    Contents.LEDGER: ("entry_number", "entry_number"),
}

# An entry that the book has already is found by all that it says, as often as it stands there.
_SAME_ENTRIES = """CREATE TABLE same_entries AS
WITH counted AS (
    SELECT *, row_number() OVER (PARTITION BY claim_key, entry_type, transaction_date, recorded_at,
        paid, outstanding, recovered ORDER BY row) AS nth FROM ledger
), standing AS (
    SELECT e.*, b.claim_key, row_number() OVER (PARTITION BY b.claim_key, entry_type,
        transaction_date, e.recorded_at, e.paid, e.outstanding, e.recovered) AS nth
    FROM book_entries e JOIN book_claims b ON b.id = e.claim_id
)
SELECT row FROM counted SEMI JOIN standing USING (claim_key, entry_type, transaction_date,
    recorded_at, paid, outstanding, recovered, nth)"""
_NOTE_HOMELESS = """INSERT INTO faults
SELECT $file, l.row, 'claim_reference', l.claim_reference,
    'The claim is neither in the file of claims nor in the book. Add it.'
FROM ledger l ANTI JOIN claims USING (claim_key) ANTI JOIN book_claims USING (claim_key)
WHERE l.claim_key IS NOT NULL"""
_NOTE_STANDING = """INSERT INTO faults
SELECT $file, l.row, 'claim_reference', l.claim_reference,
    'The claim has a ledger in the book already, without this entry. Leave its entries out.'
FROM ledger l JOIN book_claims b USING (claim_key) ANTI JOIN same_entries USING (row)
WHERE b.last_transaction_date IS NOT NULL"""
_TO_PLAN = """SELECT l.*, coalesce(c.loss_date, b.loss_date) AS loss_date,
    coalesce(c.reported_date, b.reported_date) AS reported_date,
    CASE WHEN b.id IS NULL THEN c.recorded_at ELSE b.recorded_at END AS claim_recorded_at
FROM ledger l LEFT JOIN claims c USING (claim_key) LEFT JOIN book_claims b USING (claim_key)
WHERE b.last_transaction_date IS NULL AND l.claim_key NOT IN (
    SELECT claim_key FROM ledger WHERE claim_key IS NOT NULL
    AND row IN (SELECT row FROM faults WHERE file = $file))
ORDER BY l.claim_key, l.recorded_at, l.row"""
_STATE_AFTER = """SELECT claim_key, paid_after AS paid, outstanding_after AS outstanding,
    recovered_after AS recovered, status_after AS status, closed_date_after AS closed_date,
    transaction_date AS last_transaction_date, recorded_at AS last_recorded_at
FROM planned
QUALIFY row_number() OVER (PARTITION BY claim_key ORDER BY recorded_at DESC, row DESC) = 1"""
_NEW_CLAIMS = f"""SELECT n.* EXCLUDE (status, paid, outstanding, recovered, closed_date,
    last_transaction_date, last_recorded_at), coalesce(s.status, 'open') AS status,
    coalesce(s.paid, 0) AS paid, coalesce(s.outstanding, 0) AS outstanding,
    coalesce(s.recovered, 0) AS recovered, s.closed_date, s.last_transaction_date,
    s.last_recorded_at
FROM new_claims n LEFT JOIN ({_STATE_AFTER}) s USING (claim_key) ORDER BY n.row"""
_WAITING = f"""SELECT b.id, b.version, FALSE AS is_edited, TRUE AS is_moved, s.* EXCLUDE (claim_key)
FROM ({_STATE_AFTER}) s JOIN book_claims b USING (claim_key) ORDER BY b.id"""
_ENTRIES = """WITH placed AS (
    SELECT *, row_number() OVER (ORDER BY recorded_at, row) - 1 AS place FROM planned)
SELECT p.* EXCLUDE (claim_key, reverses_row, place), b.id AS claim_id, n.claim_at,
    r.place AS reverses_at
FROM placed p LEFT JOIN book_claims b USING (claim_key)
LEFT JOIN (SELECT claim_key, row_number() OVER (ORDER BY row) - 1 AS claim_at FROM new_claims) n
    USING (claim_key)
LEFT JOIN placed r ON r.row = p.reverses_row
ORDER BY p.place"""


class MigrationRows:
    """What becomes of the files of a migration; each is at its place in `columns`."""

    def __init__(
        self, staging: Staging, book: BookRows, columns: Sequence[FileColumns], now: BookContext
    ) -> None:
        self.staging, self.book, self.now = staging, book, now
        self.places = {each.layout.contents: at for at, each in enumerate(columns)}
        self.warnings: list[str] = []

    def judge(self, plan: PlanWriter) -> list[tuple[RowClass, ...]]:
        """Compare the files with the book, write the plan, and return each file's classes."""
        self._set_the_desk()
        self._take_facts()
        self._take_ledger()
        for name, sql in (
            ("policies_created", "SELECT * FROM new_policies ORDER BY row"),
            ("claims_created", _NEW_CLAIMS),
            ("claims_changed", _WAITING),
            ("entries", _ENTRIES),
        ):
            for batch in self.staging.batches(sql):
                plan.write(name, batch)
        self.plan_touched(plan)
        return [
            classes_of_migrated(self.staging, at, contents) for contents, at in self.places.items()
        ]

    def _set_the_desk(self) -> None:
        """Make empty what the files lack, note what they bring twice, bring the book's rows."""
        for contents, layout in LAYOUTS.items():
            if contents not in self.places:
                self.staging.run(f"CREATE TABLE {contents} ({staged_columns(layout)})")
        for contents, at in self.places.items():
            key, name = _UNIQUE[contents]
            self.staging.run(SEVERAL.format(table=contents, key=key, name=name), file=at)
        self.staging.run(FIRST_KNOWN)
        self.book.bring_claims(
            "SELECT claim_key AS k FROM claims UNION SELECT claim_key FROM ledger"
        )
        self.book.bring_policies(
            "SELECT policy_key AS k FROM policies UNION SELECT policy_key FROM claims"
        )
        self.book.bring_policies_of_claims()
        self.book.bring_entries()

    def _take_facts(self) -> None:
        """Judge policies, then claims; the good new ones go to tables of their own."""
        judge = FactsJudge(self.staging, self.now)
        self.staging.make("new_policies", _NEW_POLICIES)
        self.staging.make("new_claims", SCHEMAS["claims_created"])
        taken = 0
        if Contents.POLICIES in self.places:
            for rows in judge.policies(self.places[Contents.POLICIES]):
                placed = [{**row, "policy_at": taken + at} for at, row in enumerate(rows)]
                self.staging.add(
                    "new_policies", pa.RecordBatch.from_pylist(placed, schema=_NEW_POLICIES)
                )
                taken += len(rows)
        if Contents.CLAIMS in self.places:
            for rows in judge.claims(self.places[Contents.CLAIMS]):
                batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMAS["claims_created"])
                self.staging.add("new_claims", batch)
        self.staging.add_faults(judge.faults)
        self.warnings = told(UNCOVERED, judge.uncovered, len(judge.uncovered))

    def _take_ledger(self) -> None:
        """Plan the ledgers of claims that have none; others are the same already, or refused."""
        self.staging.make("planned", _PLANNED)
        self.staging.run(_SAME_ENTRIES)
        if Contents.LEDGER not in self.places:
            return
        at = self.places[Contents.LEDGER]
        self.staging.run(_NOTE_HOMELESS, file=at)
        self.staging.run(_NOTE_STANDING, file=at)
        planner = LedgerPlanner(at, ZoneInfo(self.now.time_zone), self.now.now)
        entries = (planned_entry(e) for ledger in planner.planned(self.rows(at)) for e in ledger)
        while some := list(islice(entries, BATCH_ROWS)):
            self.staging.add("planned", pa.RecordBatch.from_pylist(some, schema=_PLANNED))
        self.staging.add_faults(planner.faults)

    def rows(self, at: int) -> Iterator[dict[str, Any]]:
        """Yield the rows to plan, claim by claim."""
        for batch in self.staging.batches(_TO_PLAN, file=at):
            yield from batch.to_pylist()

    def plan_touched(self, plan: PlanWriter) -> None:
        """Write what of the book this was judged by."""
        touched = (
            "SELECT id AS claim_id, NULL AS policy_id FROM book_claims "
            "UNION ALL SELECT NULL, id FROM book_policies"
        )
        for batch in self.staging.batches(touched):
            plan.write("touched", batch)


def highest_allotted(staging: Staging) -> dict[str, int]:
    """Return how far the references reach that the book itself would allot, by counter."""
    found = staging.run(
        "SELECT upper(regexp_extract(key, '^([cp]-[0-9]{4})-([0-9]{6,12})$', 1)) AS name, "
        "max(regexp_extract(key, '^([cp]-[0-9]{4})-([0-9]{6,12})$', 2)::BIGINT) FROM "
        "(SELECT policy_key AS key FROM new_policies UNION ALL SELECT claim_key FROM new_claims) "
        "WHERE regexp_full_match(key, '[cp]-[0-9]{4}-[0-9]{6,12}') GROUP BY name"
    ).fetchall()
    return dict(found)
