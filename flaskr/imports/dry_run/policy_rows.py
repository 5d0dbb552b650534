"""Compares the policies of a file with the book: classifies each row and plans the changes."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Mapping
from datetime import date
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import Contents
from flaskr.facts.columns import names_of
from flaskr.facts.kinds import Kind
from flaskr.facts.policy_columns import POLICY_COLUMNS
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.claim_rules import NOT_ASSIGNED
from flaskr.imports.dry_run.erased_texts import leave_out_erased
from flaskr.imports.dry_run.program_traces import note_made_numbers
from flaskr.imports.dry_run.result import PreviewRow, RowClass
from flaskr.imports.dry_run.row_outcomes import Tally, display_text, note_duplicates, row_classes
from flaskr.imports.dry_run.staging import FaultRow, Staging
from flaskr.imports.plan import PlanWriter, plan_batch
from flaskr.policies.models import POLICY_EDITS, POLICY_FACTS, Policy
from flaskr.policies.rules import check_policy_facts
from flaskr.values.money import from_ore
from flaskr.values.text import is_allotted

_AMOUNTS = names_of(POLICY_COLUMNS, Kind.AMOUNT)

_FACTS_AFTER, _FACTS_BEFORE = (
    ", ".join(f"{name}{suffix}" for name in POLICY_EDITS) for suffix in ("", "_before")
)
_COMPARE = f"""
CREATE TABLE compared_policies AS
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
    id IS NOT NULL AND ({_FACTS_AFTER}) IS DISTINCT FROM ({_FACTS_BEFORE}) AS is_edited
FROM merged
"""
_ROWS_TO_CHECK = """SELECT * FROM compared_policies WHERE (is_edited OR (id IS NULL AND (
    expiry_date <= inception_date OR cancelled_on < inception_date OR cancelled_on >= expiry_date
    OR regexp_full_match(policy_key, '[cp]-[0-9]{4}-[0-9]{6,12}'))))
    AND row NOT IN (SELECT row FROM faults WHERE file = $file)
ORDER BY row"""
_NEW_POLICIES = """SELECT * FROM compared_policies WHERE id IS NULL
    AND row NOT IN (SELECT row FROM faults WHERE file = $file) ORDER BY row"""


class PolicyRows:
    """The comparison of the policies of one file, at position `at`, with the book."""

    def __init__(
        self, staging: Staging, book: BookRows, at: int, given: set[str], today: date
    ) -> None:
        self.staging, self.book, self.at = staging, book, at
        self.faults: list[FaultRow] = []
        self.warnings: list[str] = []
        self.tally = Tally()

    def compare(self, plan: PlanWriter) -> tuple[RowClass, ...]:
        """Compare the rows with the book, write their plan, and return their classes."""
        note_duplicates(self.staging, self.at, "policies", "policy_key", "policy_number")
        self.book.copy_policies("SELECT policy_key AS k FROM policies")
        leave_out_erased(self.staging, self.at, Contents.POLICIES)
        self.staging.run(_COMPARE, file=self.at)
        note_made_numbers(self.staging, self.book, self.at, Contents.POLICIES)
        for batch in self.staging.batches(_ROWS_TO_CHECK, file=self.at):
            changed = [row for row in batch.to_pylist() if self._is_valid(row)]
            plan.write(
                "policies_changed",
                plan_batch(
                    "policies_changed", [self._planned_change(row) for row in changed if row["id"]]
                ),
            )
        self.staging.add_faults(self.faults)
        for batch in self.staging.batches(_NEW_POLICIES, file=self.at):
            plan.write("policies_created", batch)
        self._plan_touched(plan)
        return row_classes(self.staging, self.at, Contents.POLICIES, self.tally)

    def _is_valid(self, row: Mapping[str, Any]) -> bool:
        """Whether a row keeps the rules; a fault is noted when it does not."""
        try:
            if row["id"] is None and is_allotted(row["policy_number"]):
                raise ClaimBookError(NOT_ASSIGNED)
            check_policy_facts(policy_of_row(row))
        except ClaimBookError as error:
            number = row["policy_number"]
            self.faults.append((self.at, row["row"], "policy_number", number, str(error)))
            return False
        return True

    def _planned_change(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a changed policy as a row of the plan, and add it to the tally."""
        names = [name for name in POLICY_EDITS if row[name] != row[f"{name}_before"]]
        after, before = (
            {
                name: "" if row[name + suffix] is None else display_text(name, row[name + suffix])
                for name in names
            }
            for suffix in ("", "_before")
        )
        difference = row["premium"] - row["premium_before"]
        self.tally.add(
            {"premium": difference}, PreviewRow(row["row"], row["book_number"], after, before)
        )
        return {**row, "policyholder_changed": row["policyholder"] != row["policyholder_before"]}

    def _plan_touched(self, plan: PlanWriter) -> None:
        """Write the rows of the book that the plan depends on, and the keys of refused rows."""
        touched = (
            "SELECT id AS policy_id, NULL AS policy_key FROM book_policies UNION ALL "
            "SELECT NULL, policy_key FROM policies "
            "WHERE row IN (SELECT row FROM faults WHERE file = $file)"
        )
        for batch in self.staging.batches(touched, file=self.at):
            plan.write("touched", batch)


def policy_of_row(row: Mapping[str, Any]) -> Policy:
    """Return a policy with the facts of a row."""
    facts = {name: row[name] for name in POLICY_FACTS}
    for name in _AMOUNTS:
        facts[name] = None if row[name] is None else from_ore(row[name])
    return Policy(**facts)
