"""Policies of a file beside those of the book: what becomes of each row, and the plan of it."""

# ruff: noqa: S608 - statements are put together from names that the code declares

from collections.abc import Mapping
from datetime import date
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.facts.columns import names_of
from flaskr.facts.kinds import Kind
from flaskr.facts.lists import Contents
from flaskr.facts.policies import POLICY_COLUMNS
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.claim_rules import GIVEN_ELSEWHERE
from flaskr.imports.dry_run.row_classes import SEVERAL, Tally, classes_of, text_of
from flaskr.imports.dry_run.staging import FaultRow, Staging
from flaskr.imports.dry_run_result import RowClass, ShownRow
from flaskr.imports.plan import PlanWriter, table_of
from flaskr.policies.models import POLICY_EDITS, POLICY_FACTS, Policy
from flaskr.policies.services import check_policy_facts
from flaskr.values.money import from_ore
from flaskr.values.text import is_allotted

_AMOUNTS = names_of(POLICY_COLUMNS, Kind.AMOUNT)

NOW, BEFORE = (", ".join(f"{name}{suffix}" for name in POLICY_EDITS) for suffix in ("", "_before"))
_JUDGED = f"""
CREATE TABLE judged_policies AS
WITH merged AS (
    SELECT t.row, t.policy_number, t.policy_key, b.id, b.version,
        b.policy_number AS book_number,
        {", ".join(f"coalesce(t.{name}, b.{name}) AS {name}" for name in POLICY_FACTS)},
        coalesce(t.policyholder, b.policyholder, '') AS policyholder,
        {", ".join(f"b.{name} AS {name}_before" for name in POLICY_EDITS)}
    FROM policies t LEFT JOIN book_policies b USING (policy_key)
    WHERE t.row NOT IN (SELECT row FROM faults WHERE file = $file)
)
SELECT *, FALSE AS is_moved,
    id IS NOT NULL AND ({NOW}) IS DISTINCT FROM ({BEFORE}) AS is_edited
FROM merged
"""
_IN_DOUBT = """SELECT * FROM judged_policies WHERE is_edited OR (id IS NULL AND (
    expiry_date <= inception_date OR cancelled_on < inception_date OR cancelled_on >= expiry_date
    OR regexp_full_match(policy_key, '[cp]-[0-9]{4}-[0-9]{6,12}')))
ORDER BY row"""
_GOOD_NEW = """SELECT * FROM judged_policies WHERE id IS NULL
    AND row NOT IN (SELECT row FROM faults WHERE file = $file) ORDER BY row"""


class PolicyRows:
    """What becomes of the policies of one file, the one at place `at`."""

    def __init__(
        self, staging: Staging, book: BookRows, at: int, given: set[str], today: date
    ) -> None:
        self.staging, self.book, self.at = staging, book, at
        self.faults: list[FaultRow] = []
        self.warnings: list[str] = []
        self.tally = Tally()

    def judge(self, plan: PlanWriter) -> tuple[RowClass, ...]:
        """Compare the rows with the book, write the plan of them, and return the classes."""
        several = SEVERAL.format(table="policies", key="policy_key", name="policy_number")
        self.staging.run(several, file=self.at)
        self.book.bring_policies("SELECT policy_key AS k FROM policies")
        self.staging.run(_JUDGED, file=self.at)
        for batch in self.staging.batches(_IN_DOUBT):
            changed = [row for row in batch.to_pylist() if self._is_good(row)]
            plan.write(
                "policies_changed",
                table_of("policies_changed", [self.changed(row) for row in changed if row["id"]]),
            )
        self.staging.add_faults(self.faults)
        for batch in self.staging.batches(_GOOD_NEW, file=self.at):
            plan.write("policies_created", batch)
        self.plan_touched(plan)
        return classes_of(self.staging, self.at, Contents.POLICIES, self.tally)

    def _is_good(self, row: Mapping[str, Any]) -> bool:
        """Whether the book takes a row; else it is noted why not."""
        try:
            if row["id"] is None and is_allotted(row["policy_number"]):
                raise ClaimBookError(GIVEN_ELSEWHERE)
            check_policy_facts(policy_from(row))
        except ClaimBookError as error:
            number = row["policy_number"]
            self.faults.append((self.at, row["row"], "policy_number", number, str(error)))
            return False
        return True

    def changed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a changed policy as the plan has it, and count it."""
        names = [name for name in POLICY_EDITS if row[name] != row[f"{name}_before"]]
        now, before = (
            {
                name: "" if row[name + end] is None else text_of(name, row[name + end])
                for name in names
            }
            for end in ("", "_before")
        )
        difference = row["premium"] - row["premium_before"]
        self.tally.add(
            {"premium": difference}, ShownRow(row["row"], row["book_number"], now, before)
        )
        return {**row, "policyholder_changed": row["policyholder"] != row["policyholder_before"]}

    def plan_touched(self, plan: PlanWriter) -> None:
        """Write what of the book this was judged by, and what refused rows miss there."""
        touched = (
            "SELECT id AS policy_id, NULL AS policy_key FROM book_policies UNION ALL "
            "SELECT NULL, policy_key FROM policies "
            "WHERE row IN (SELECT row FROM faults WHERE file = $file)"
        )
        for batch in self.staging.batches(touched, file=self.at):
            plan.write("touched", batch)


def policy_from(row: Mapping[str, Any]) -> Policy:
    """Return a policy with the facts of a row."""
    facts = {name: row[name] for name in POLICY_FACTS}
    for name in _AMOUNTS:
        facts[name] = None if row[name] is None else from_ore(row[name])
    return Policy(**facts)
