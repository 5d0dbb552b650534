"""Checks the policies and claims of a migration row by row; it changes no row of the book."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flaskr.claims.models import CLAIM_EDITS, coverage_of
from flaskr.claims.services import check_claim_dates
from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import Coverage
from flaskr.imports.dry_run.claim_entries import RowRefused
from flaskr.imports.dry_run.claim_previews import displayed_column
from flaskr.imports.dry_run.claim_rules import cover_of_row
from flaskr.imports.dry_run.policy_rows import policy_of_row
from flaskr.imports.dry_run.row_outcomes import display_cell
from flaskr.imports.dry_run.staging import FaultRow, Staging
from flaskr.imports.migration.instants import check_instant
from flaskr.imports.tasks import BookContext
from flaskr.policies.models import POLICY_EDITS
from flaskr.policies.rules import check_policy_facts

_Row = Mapping[str, Any]
_ALREADY_KNOWN = "It is already in the book, where {name} is {value}; a migration changes nothing."
_NEW_POLICY_ID = -1  # for a policy that the files create: no claim in the book has it

# The first instant of each claim in the files: its own, else that of its first entry.
CREATE_FIRST_KNOWN = """CREATE TABLE first_known AS
SELECT claim_key, coalesce(c.recorded_at, e.recorded_at) AS recorded_at, c.policy_key
FROM claims c FULL JOIN
    (SELECT claim_key, min(recorded_at) AS recorded_at FROM ledger GROUP BY claim_key) e
    USING (claim_key)"""
_POLICIES = f"""SELECT t.*, b.id, f.recorded_at AS claim_recorded_at,
    {", ".join(f"b.{name} AS {name}_before" for name in POLICY_EDITS)}
FROM policies t LEFT JOIN book_policies b USING (policy_key)
LEFT JOIN
    (SELECT policy_key, min(recorded_at) AS recorded_at FROM first_known GROUP BY policy_key) f
    USING (policy_key)
WHERE t.row NOT IN (SELECT row FROM faults WHERE file = $file) ORDER BY row"""
_COVER = ("inception_date", "expiry_date", "cancelled_on", "policy_number")
_CLAIMS = f"""SELECT t.*, f.recorded_at AS first_known, b.id, p.id AS policy_id,
    p.id IS NULL AND n.policy_key IS NULL AND t.policy_key IS NOT NULL AS lacks_policy,
    n.policy_at,
    {", ".join(f"coalesce(n.{name}, p.{name}) AS cover_{name}" for name in _COVER)},
    o.policy_number AS policy_number_before,
    {", ".join(f"b.{name} AS {name}_before" for name in CLAIM_EDITS)}
FROM claims t LEFT JOIN book_claims b USING (claim_key)
LEFT JOIN book_policies o ON o.id = b.policy_id
LEFT JOIN first_known f USING (claim_key)
LEFT JOIN book_policies p ON p.policy_key = t.policy_key
LEFT JOIN new_policies n ON n.policy_key = t.policy_key AND p.id IS NULL
WHERE t.row NOT IN (SELECT row FROM faults WHERE file = $file) ORDER BY row"""


class FactsChecker:
    """Checks policies and claims of an older system."""

    def __init__(
        self, staging: Staging, book: BookContext, first_posted_at: datetime | None
    ) -> None:
        self.staging, self.book, self.first_posted_at = staging, book, first_posted_at
        self.zone = ZoneInfo(book.time_zone)
        self.faults: list[FaultRow] = []
        self.uncovered: list[str] = []

    def policies(self, at: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the new policies of a file in batches, with `recorded_at` set."""
        for batch in self.staging.batches(_POLICIES, file=at):
            valid = [row for row in batch.to_pylist() if self._passes(at, row, self._check_policy)]
            yield [
                {
                    **row,
                    "policyholder": row["policyholder"] or "",
                    "recorded_at": self._recorded_at(row),
                }
                for row in valid
                if row["id"] is None
            ]

    def _passes(self, at: int, row: _Row, check: Any) -> bool:
        """Whether a row passes a check; a fault is noted when it does not."""
        try:
            check(row)
        except RowRefused as error:
            value = display_cell(row, error.field)
            self.faults.append((at, row["row"], error.field, value, str(error)))
            return False
        return True

    def _check_policy(self, row: _Row) -> None:
        """Raise RowRefused for an invalid policy, or one that the book has with other facts."""
        try:
            check_policy_facts(policy_of_row(row))
        except ClaimBookError as error:
            raise RowRefused("policy_number", str(error)) from error
        check_instant(row["recorded_at"], self.book.now, self.first_posted_at)
        _check_same(row, POLICY_EDITS, "policy_number")

    def _recorded_at(self, row: _Row) -> datetime | None:
        """Return when a policy was recorded; None for when the migration is loaded.

        It is the file's instant, else the start of its inception or, if that is earlier, when the
        first claim on it was recorded. What would lie in the future, or after the book's own first
        entry, is recorded by the migration.
        """
        if row["recorded_at"]:
            instant: datetime = row["recorded_at"]
            return instant
        start = datetime.combine(row["inception_date"], time.min, tzinfo=self.zone).astimezone(UTC)
        derived = min(start, row["claim_recorded_at"] or start)
        latest = min(self.book.now, self.first_posted_at or self.book.now)
        return derived if derived < latest else None

    def claims(self, at: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the new claims of a file in batches, with `recorded_at` set."""
        for batch in self.staging.batches(_CLAIMS, file=at):
            valid = [row for row in batch.to_pylist() if self._passes(at, row, self._check_claim)]
            new = [row for row in valid if row["id"] is None]
            self.uncovered += [row["claim_reference"] for row in new if _is_uncovered(row)]
            yield [
                {
                    **row,
                    "description": row["description"] or "",
                    "recorded_at": row["first_known"],
                }
                for row in new
            ]

    def _check_claim(self, row: _Row) -> None:
        """Raise RowRefused for an invalid claim, or one that the book has with other facts."""
        if row["lacks_policy"]:
            raise RowRefused(
                "policy_number",
                "The policy is neither in the file of policies nor in the book. Add it.",
            )
        try:
            check_claim_dates(row["loss_date"], row["reported_date"], self.book.today)
        except ClaimBookError as error:
            raise RowRefused("loss_date", str(error)) from error
        check_instant(row["recorded_at"], self.book.now, self.first_posted_at)
        policy_id = row["policy_id"] if row["policy_at"] is None else _NEW_POLICY_ID
        _check_same({**row, "policy_id": policy_id}, CLAIM_EDITS, "claim_reference")


def _check_same(row: _Row, names: tuple[str, ...], key: str) -> None:
    """Raise RowRefused when the book has the row with other values than the file's."""
    if row["id"] is None:
        return
    for name in names:
        if row[name] is not None and row[name] != row[f"{name}_before"]:
            column = displayed_column(name)
            value = display_cell(row, f"{column}_before", column) or "empty"
            text = _ALREADY_KNOWN.format(name=column, value=value)
            raise RowRefused(key, f"{text} Leave the row out.")


def _is_uncovered(row: _Row) -> bool:
    """Whether a claim's loss is not covered by its policy."""
    if row["policy_number"] is None:
        return False
    cover = {name: row[f"cover_{name}"] for name in _COVER}
    policy = cover_of_row({**cover, "policy_id": 0})
    loss: date | None = row["loss_date"]
    return coverage_of(policy, loss) is Coverage.NOT_IN_FORCE
