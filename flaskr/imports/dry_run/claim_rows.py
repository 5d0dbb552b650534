"""Claims of a file beside those of the book: what becomes of each row, and the plan of it."""

# ruff: noqa: S608 - statements are put together from names that the code declares

from datetime import date

from flaskr.claims.ledger.rules import BALANCES
from flaskr.claims.models import CLAIM_EDITS, CLAIM_FACTS
from flaskr.facts.lists import Contents, EntryType, Status
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.claim_rules import ClaimJudge
from flaskr.imports.dry_run.row_classes import SEVERAL, SHOWN_NAMES, UNCOVERED, classes_of, told
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.dry_run_result import RowClass
from flaskr.imports.plan import PlanWriter, table_of
from flaskr.policies.cover import COVERS_LOSS

_FACTS = tuple(name for name in CLAIM_FACTS if name != "policy_id")  # that a file says itself
NOW, BEFORE = (", ".join(f"{name}{end}" for name in CLAIM_EDITS) for end in ("", "_before"))
MOVED, MOVED_BEFORE = (", ".join(f"{name}{end}" for name in BALANCES) for end in ("", "_before"))

# Each good row as it would be: what the file says, else what the book has. A cost goes to
# outstanding, less what is paid.
_JUDGED = f"""
CREATE TABLE judged_claims AS
WITH merged AS (
    SELECT t.row, t.claim_reference, t.claim_key, t.claim_cost,
        b.id, b.version, b.claim_reference AS book_reference, b.status, b.closed_date,
        b.last_transaction_date,
        p.id IS NULL AND t.policy_key IS NOT NULL AS lacks_policy,
        CASE WHEN t.policy_key IS NULL THEN b.policy_id ELSE p.id END AS policy_id,
        {", ".join(f"coalesce(t.{name}, b.{name}) AS {name}" for name in _FACTS)},
        coalesce(t.description, b.description, '') AS description,
        coalesce(t.paid, b.paid, 0) AS paid,
        coalesce(t.outstanding, t.claim_cost - coalesce(t.paid, b.paid, 0), b.outstanding, 0)
            AS outstanding,
        coalesce(t.recovered, b.recovered, 0) AS recovered,
        {", ".join(f"b.{name} AS {name}_before" for name in (*CLAIM_EDITS, *BALANCES))}
    FROM claims t
    LEFT JOIN book_claims b USING (claim_key)
    LEFT JOIN book_policies p USING (policy_key)
    WHERE t.row NOT IN (SELECT row FROM faults WHERE file = $file)
)
SELECT *,
    id IS NOT NULL AND ({NOW}) IS DISTINCT FROM ({BEFORE}) AS is_edited,
    id IS NOT NULL AND ({MOVED}) IS DISTINCT FROM ({MOVED_BEFORE}) AS is_moved
FROM merged
"""
_NO_POLICY = "The policy is not in the book. Add it first, or leave the cell empty."
_NO_SUM = "This is not paid plus outstanding. Correct one of the three."

# New claims with anything about them that a rule might refuse.
_IS_DOUBTFUL = """(loss_date > reported_date OR loss_date > $today OR reported_date > $today
    OR outstanding < 0 OR recovered > paid OR least(paid, recovered) < 0
    OR regexp_full_match(claim_key, '[cp]-[0-9]{4}-[0-9]{6,12}'))"""
_IN_DOUBT = f"""SELECT j.*, p.policy_number, p.inception_date, p.expiry_date, p.cancelled_on,
    before.policy_number AS policy_number_before,
    before.inception_date AS inception_date_before, before.expiry_date AS expiry_date_before,
    before.cancelled_on AS cancelled_on_before
FROM judged_claims j LEFT JOIN book_policies p ON p.id = j.policy_id
    LEFT JOIN book_policies before ON before.id = j.policy_id_before
WHERE (j.is_edited OR j.is_moved OR (j.id IS NULL AND {_IS_DOUBTFUL}))
    AND j.row NOT IN (SELECT row FROM faults WHERE file = $file)
ORDER BY row"""
_GOOD_NEW = (
    "FROM judged_claims WHERE id IS NULL AND row NOT IN (SELECT row FROM faults WHERE file = $file)"
)
_NOT_COVERED = f"""FROM (SELECT * {_GOOD_NEW}) JOIN book_policies p ON p.id = policy_id
WHERE paid + outstanding > 0 AND NOT coalesce({COVERS_LOSS}, TRUE)"""
_HAS_MONEY = "paid + outstanding + recovered > 0"


class ClaimRows:
    """What becomes of the claims of one file, the one at place `at`."""

    def __init__(
        self, staging: Staging, book: BookRows, at: int, given: set[str], today: date
    ) -> None:
        self.staging, self.book, self.at, self.given, self.today = staging, book, at, given, today
        self.warnings: list[str] = []

    def judge(self, plan: PlanWriter) -> tuple[RowClass, ...]:
        """Compare the rows with the book, write the plan of them, and return the classes."""
        self._note_repeated()
        self.book.bring_claims("SELECT claim_key AS k FROM claims")
        self.book.bring_policies("SELECT policy_key AS k FROM claims")
        self.book.bring_policies_of_claims()
        self.staging.run(_JUDGED, file=self.at)
        self._note_unfit()
        first_days = self.book.bring_first_days(
            "SELECT id AS k FROM judged_claims WHERE is_edited "
            "AND last_transaction_date IS NOT NULL AND (loss_date, reported_date) IS DISTINCT FROM"
            " (loss_date_before, reported_date_before)"
        )
        judge = ClaimJudge(self.at, self.given, self.today, first_days)
        for batch in self.staging.batches(_IN_DOUBT, file=self.at, today=self.today):
            changed, entries = judge.judged(batch.to_pylist())
            plan.write("claims_changed", table_of("claims_changed", changed))
            plan.write("entries", table_of("entries", entries))
        self.staging.add_faults(judge.faults)
        self.warnings = [*judge.warnings(), *self.uncovered()]
        self._plan_new(plan)
        self.plan_touched(plan)
        return classes_of(self.staging, self.at, Contents.CLAIMS, judge.tally)

    def _note_repeated(self) -> None:
        """Note the rows that name one claim twice: all of them."""
        self.staging.run(
            SEVERAL.format(table="claims", key="claim_key", name="claim_reference"), file=self.at
        )

    def _note_unfit(self) -> None:
        """Note the rows whose policy is not in the book, and whose amounts do not add up."""
        note = (
            "INSERT INTO faults SELECT $file, row, {field}, {value}, $text FROM judged_claims "
            "JOIN claims t USING (row) WHERE {where}"
        )
        no_policy = note.format(
            field="'policy_number'", value="t.policy_number", where="lacks_policy"
        )
        self.staging.run(no_policy, file=self.at, text=_NO_POLICY)
        no_sum = note.format(
            field="'claim_cost'",
            value="(t.claim_cost::DECIMAL(18, 0) / 100)::DECIMAL(18, 2)::VARCHAR",
            where="t.claim_cost <> judged_claims.paid + judged_claims.outstanding",
        )
        self.staging.run(no_sum, file=self.at, text=_NO_SUM)

    def uncovered(self) -> list[str]:
        """Return what to warn of new claims with money that their policies do not cover."""
        count = self.staging.one(f"SELECT count(*) {_NOT_COVERED}", file=self.at)
        first = self.staging.run(
            f"SELECT claim_reference {_NOT_COVERED} ORDER BY row LIMIT {SHOWN_NAMES}", file=self.at
        )
        return told(UNCOVERED, [name for (name,) in first.fetchall()], count)

    def _plan_new(self, plan: PlanWriter) -> None:
        """Write the new claims, each with its opening where there is money on it."""
        rows = (
            f"SELECT row, claim_reference, claim_key, {NOW}, '{Status.OPEN}' AS status, {MOVED} "
            f"{_GOOD_NEW} ORDER BY row"
        )
        for batch in self.staging.batches(rows, file=self.at):
            plan.write("claims_created", batch)
        after = ", ".join(f"{name} AS {name}_after" for name in BALANCES)
        openings = (
            f"SELECT row, claim_at, '{EntryType.IMPORT_OPENING}' AS entry_type, {MOVED}, {after}, "
            f"'{Status.OPEN}' AS status_after FROM "
            f"(SELECT *, row_number() OVER (ORDER BY row) - 1 AS claim_at {_GOOD_NEW}) "
            f"WHERE {_HAS_MONEY} ORDER BY row"
        )
        for batch in self.staging.batches(openings, file=self.at):
            plan.write("entries", batch)

    def plan_touched(self, plan: PlanWriter) -> None:
        """Write what of the book this was judged by, and what refused rows miss there."""
        refused = "FROM claims WHERE row IN (SELECT row FROM faults WHERE file = $file)"
        touched = (
            "SELECT id AS claim_id, NULL AS policy_id, NULL AS claim_key, NULL AS policy_key "
            "FROM book_claims UNION ALL SELECT NULL, id, NULL, NULL FROM book_policies "
            f"UNION ALL SELECT NULL, NULL, claim_key, policy_key {refused}"
        )
        for batch in self.staging.batches(touched, file=self.at):
            plan.write("touched", batch)
