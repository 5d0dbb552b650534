"""Compares the claims of a file with the book: classifies each row and plans the changes."""

# ruff: noqa: S608 - statements are built from names that the code declares

from datetime import date

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_EDITS, CLAIM_FACTS
from flaskr.facts.closed_lists import Contents, EntryType, Status
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.claim_rules import ClaimChecker
from flaskr.imports.dry_run.erased_texts import leave_out_erased
from flaskr.imports.dry_run.program_traces import note_made_numbers
from flaskr.imports.dry_run.result import RowClass
from flaskr.imports.dry_run.row_outcomes import (
    LISTED_NAMES,
    UNCOVERED_WARNING,
    note_duplicates,
    row_classes,
    warnings_naming,
)
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.plan import PlanWriter, plan_batch
from flaskr.policies.cover import COVERS_LOSS

# A file has the policy's number instead of its id.
_FACTS = tuple(name for name in CLAIM_FACTS if name != "policy_id")
_FACTS_AFTER, _FACTS_BEFORE = (
    ", ".join(f"{name}{end}" for name in CLAIM_EDITS) for end in ("", "_before")
)
_AMOUNTS_AFTER, _AMOUNTS_BEFORE = (
    ", ".join(f"{name}{end}" for name in BALANCES) for end in ("", "_before")
)

_REOPENS = """CASE WHEN $has_status AND (paid, outstanding, recovered) = (0, 0, 0) THEN NULL
        ELSE undone_import END"""
# Each valid row as the claim would be: the file's values, else the book's. A claim cost becomes
# outstanding after what is paid, or paid after what is outstanding. A claim that an undo declined
# is reopened by its row; but a file that has the statuses, as the book's own do, may list it as
# declined, and reopens it with amounts.
_COMPARE = f"""
CREATE TABLE compared_claims AS
WITH merged AS (
    SELECT t.row, t.claim_reference, t.claim_key, t.claim_cost,
        b.id, b.version, b.claim_reference AS book_reference, b.status, b.closed_date,
        b.first_transaction_date, b.last_transaction_date, b.last_recorded_at,
        u.undone_import,
        p.id IS NULL AND t.policy_key IS NOT NULL AS lacks_policy,
        CASE WHEN t.policy_key IS NULL THEN b.policy_id ELSE p.id END AS policy_id,
        {", ".join(f"coalesce(t.{name}, b.{name}) AS {name}" for name in _FACTS)},
        coalesce(t.description, b.description, '') AS description,
        coalesce(t.paid, t.claim_cost - t.outstanding, b.paid, 0) AS paid,
        coalesce(t.outstanding, t.claim_cost - coalesce(t.paid, b.paid, 0), b.outstanding, 0)
            AS outstanding,
        coalesce(t.recovered, b.recovered, 0) AS recovered,
        {", ".join(f"b.{name} AS {name}_before" for name in (*CLAIM_EDITS, *BALANCES))}
    FROM claims t
    LEFT JOIN book_claims b USING (claim_key)
    LEFT JOIN book_policies p USING (policy_key)
    LEFT JOIN book_undone u ON u.claim_id = b.id
    WHERE t.row NOT IN (SELECT row FROM faults WHERE file = $file)
)
SELECT * REPLACE ({_REOPENS} AS undone_import),
    id IS NOT NULL AND ({_FACTS_AFTER}) IS DISTINCT FROM ({_FACTS_BEFORE}) AS is_edited,
    id IS NOT NULL AND ({_REOPENS} IS NOT NULL
        OR ({_AMOUNTS_AFTER}) IS DISTINCT FROM ({_AMOUNTS_BEFORE})) AS is_moved
FROM merged
"""
_NO_POLICY = "The policy is not in the book. Add it first, or leave the cell empty."
_NO_SUM = "This is not paid plus outstanding. Correct one of the three."
_TOO_LOW = "This is less than what is paid or outstanding of it. Correct one of them."

# The condition of new claims that a rule might refuse; the others need no check in Python.
_NEEDS_CHECK = """(loss_date > reported_date OR loss_date > $today OR reported_date > $today
    OR least(paid, outstanding, recovered) < 0
    OR regexp_full_match(claim_key, '[cp]-[0-9]{4}-[0-9]{6,12}'))"""
_EXPENSES = ", ".join(f"coalesce(x.{name}_of_expense, 0) AS {name}_of_expense" for name in BALANCES)
_ROWS_TO_CHECK = f"""SELECT j.*, p.policy_number, p.inception_date, p.expiry_date, p.cancelled_on,
    before.policy_number AS policy_number_before,
    before.inception_date AS inception_date_before, before.expiry_date AS expiry_date_before,
    before.cancelled_on AS cancelled_on_before,
    {_EXPENSES}
FROM compared_claims j LEFT JOIN book_expenses x ON x.claim_id = j.id
    LEFT JOIN book_policies p ON p.id = j.policy_id
    LEFT JOIN book_policies before ON before.id = j.policy_id_before
WHERE (j.is_edited OR j.is_moved OR (j.id IS NULL AND {_NEEDS_CHECK}))
    AND j.row NOT IN (SELECT row FROM faults WHERE file = $file)
ORDER BY row"""
_FROM_NEW = """FROM compared_claims
WHERE id IS NULL AND row NOT IN (SELECT row FROM faults WHERE file = $file)"""
_FROM_UNCOVERED = f"""FROM (SELECT * {_FROM_NEW}) JOIN book_policies p ON p.id = policy_id
WHERE paid + outstanding > 0 AND NOT coalesce({COVERS_LOSS}, TRUE)"""
_HAS_AMOUNTS = "paid + outstanding + recovered > 0"


class ClaimRows:
    """The comparison of the claims of one file, at position `at`, with the book."""

    def __init__(
        self, staging: Staging, book: BookRows, at: int, given: set[str], today: date
    ) -> None:
        self.staging, self.book, self.at, self.given, self.today = staging, book, at, given, today
        self.warnings: list[str] = []

    def compare(self, plan: PlanWriter) -> tuple[RowClass, ...]:
        """Compare the rows with the book, write their plan, and return their classes."""
        note_duplicates(self.staging, self.at, "claims", "claim_key", "claim_reference")
        self.book.copy_claims("SELECT claim_key AS k FROM claims")
        self.book.copy_policies("SELECT policy_key AS k FROM claims")
        self.book.copy_policies_of_claims()
        self.book.copy_undone("SELECT id AS k FROM book_claims WHERE status = 'declined'")
        leave_out_erased(self.staging, self.at, Contents.CLAIMS)
        self.staging.run(_COMPARE, file=self.at, has_status="status" in self.given)
        note_made_numbers(self.staging, self.book, self.at, Contents.CLAIMS)
        self._note_invalid()
        self.book.copy_expenses("SELECT id AS k FROM compared_claims WHERE is_moved")
        checker = ClaimChecker(self.at, self.given, self.today)
        for batch in self.staging.batches(_ROWS_TO_CHECK, file=self.at, today=self.today):
            changed, entries = checker.changes_in(batch.to_pylist())
            plan.write("claims_changed", plan_batch("claims_changed", changed))
            plan.write("entries", plan_batch("entries", entries))
        self.staging.add_faults(checker.faults)
        self.warnings = [*checker.warnings(), *self._uncovered()]
        self._plan_new(plan)
        self._plan_touched(plan)
        return row_classes(self.staging, self.at, Contents.CLAIMS, checker.tally)

    def _note_invalid(self) -> None:
        """Note the rows whose policy is not in the book, or whose amounts do not add up."""
        note = (
            "INSERT INTO faults SELECT $file, row, {field}, {value}, $text FROM compared_claims "
            "JOIN claims t USING (row) WHERE {where}"
        )
        no_policy = note.format(
            field="'policy_number'",
            value="t.policy_number",
            where="lacks_policy AND row NOT IN (SELECT row FROM faults "
            "WHERE file = $file AND field = 'policy_number')",
        )
        self.staging.run(no_policy, file=self.at, text=_NO_POLICY)
        sums = {
            _NO_SUM: "t.claim_cost <> compared_claims.paid + compared_claims.outstanding",
            _TOO_LOW: "t.claim_cost IS NOT NULL "
            "AND least(compared_claims.paid, compared_claims.outstanding) < 0",
        }
        for text, where in sums.items():
            value = "(t.claim_cost::DECIMAL(18, 0) / 100)::DECIMAL(18, 2)::VARCHAR"
            no_sum = note.format(field="'claim_cost'", value=value, where=where)
            self.staging.run(no_sum, file=self.at, text=text)

    def _uncovered(self) -> list[str]:
        """Return warnings of new claims with amounts that their policies do not cover."""
        count = self.staging.one(f"SELECT count(*) {_FROM_UNCOVERED}", file=self.at)
        first = self.staging.run(
            f"SELECT claim_reference {_FROM_UNCOVERED} ORDER BY row LIMIT {LISTED_NAMES}",
            file=self.at,
        )
        return warnings_naming(UNCOVERED_WARNING, [name for (name,) in first.fetchall()], count)

    def _plan_new(self, plan: PlanWriter) -> None:
        """Write the new claims, and an opening entry for each with amounts."""
        rows = (
            f"SELECT row, claim_reference, claim_key, {_FACTS_AFTER}, "
            f"'{Status.OPEN}' AS status, {_AMOUNTS_AFTER} {_FROM_NEW} ORDER BY row"
        )
        for batch in self.staging.batches(rows, file=self.at):
            plan.write("claims_created", batch)
        after = ", ".join(f"{name} AS {name}_after" for name in BALANCES)
        openings = (
            f"SELECT row, claim_at, '{EntryType.IMPORT_OPENING}' AS entry_type, "
            f"{_AMOUNTS_AFTER}, {after}, '{Status.OPEN}' AS status_after FROM "
            f"(SELECT *, row_number() OVER (ORDER BY row) - 1 AS claim_at {_FROM_NEW}) "
            f"WHERE {_HAS_AMOUNTS} ORDER BY row"
        )
        for batch in self.staging.batches(openings, file=self.at):
            plan.write("entries", batch)

    def _plan_touched(self, plan: PlanWriter) -> None:
        """Write the rows of the book that the plan depends on, and the keys of refused rows."""
        refused = "FROM claims WHERE row IN (SELECT row FROM faults WHERE file = $file)"
        touched = (
            "SELECT id AS claim_id, NULL AS policy_id, NULL AS claim_key, NULL AS policy_key "
            "FROM book_claims UNION ALL SELECT NULL, id, NULL, NULL FROM book_policies "
            f"UNION ALL SELECT NULL, NULL, claim_key, policy_key {refused}"
        )
        for batch in self.staging.batches(touched, file=self.at):
            plan.write("touched", batch)
