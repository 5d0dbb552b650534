"""Applies the rules of the book to each claim that changes or might break one."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.posting import check_coverage
from flaskr.claims.ledger.rules import State
from flaskr.claims.models import CLAIM_EDITS, CLAIM_FACTS, Claim, coverage_of
from flaskr.claims.services import check_claim_dates, check_report_day
from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import CostType, Coverage, EntryType
from flaskr.imports.dry_run.claim_entries import (
    RowRefused,
    indemnity_before,
    movement_of,
    planned_entries,
    state_after,
)
from flaskr.imports.dry_run.claim_previews import preview_of_change
from flaskr.imports.dry_run.row_outcomes import Tally, display_text, warnings_naming
from flaskr.imports.dry_run.staging import FaultRow
from flaskr.imports.plan import ENTRY_DAYS
from flaskr.policies.models import Policy
from flaskr.values.text import is_allotted

_Row = Mapping[str, Any]
NOT_ASSIGNED = "The book assigns such references, and it has not assigned this one. Correct it."


class ClaimChecker:
    """Checks rows of claims one by one; refusals go to `faults`, changed rows to `tally`."""

    def __init__(self, at: int, given: Collection[str], today: date) -> None:
        self.at, self.given, self.today = at, given, today
        self.faults: list[FaultRow] = []
        self.tally = Tally()
        self.uncovered: list[str] = []
        self.reopened: Counter[int] = Counter()  # by the undone import that had created them

    def changes_in(self, rows: Iterable[_Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the changed claims of a batch and their entries, as rows of the plan."""
        changed: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for row in rows:
            try:
                posted = self.check(row)
            except RowRefused as error:
                self.faults.append(self.fault(row, error))
                continue
            if row["id"] is not None:
                changed.append(_changed_claim(row, posted[-1] if posted else None))
                entries.extend(posted)
                self.tally.add(_differences(row), preview_of_change(row))
                if row["undone_import"] is not None:
                    self.reopened[row["undone_import"]] += 1
        return changed, entries

    def fault(self, row: _Row, error: RowRefused) -> FaultRow:
        """Return the fault of a refused row, on a column that the file has."""
        names = (error.field, "claim_cost", "paid")
        field = next((name for name in names if name in self.given), error.field)
        value = "" if row.get(field) is None else display_text(field, row[field])
        return (self.at, row["row"], field, value, str(error))

    def check(self, row: _Row) -> list[dict[str, Any]]:
        """Return the ledger entries that a row posts; raises RowRefused."""
        if row["id"] is None:
            self._check_new(row)
            return []
        if row["is_edited"]:
            self._check_edit(row)
        return self._entries(row) if row["is_moved"] else []

    def _check_new(self, row: _Row) -> None:
        """Raise RowRefused for a new claim that breaks a rule."""
        if is_allotted(row["claim_reference"]):
            raise RowRefused("claim_reference", NOT_ASSIGNED)
        self._check_days(row)
        state_after(State(), EntryType.IMPORT_OPENING, movement_of(row, is_new=True), self.today)

    def _check_days(self, row: _Row) -> None:
        """Raise RowRefused unless loss <= reported <= today."""
        try:
            check_claim_dates(row["loss_date"], row["reported_date"], self.today)
        except ClaimBookError as error:
            raise RowRefused("loss_date", str(error)) from error

    def _check_edit(self, row: _Row) -> None:
        """Raise RowRefused for facts that break a rule; note a claim that loses its cover."""
        self._check_days(row)
        try:
            check_report_day(
                row["first_transaction_date"],
                row["reported_date"] or row["loss_date"],
                row["reported_date_before"] or row["loss_date_before"],
            )
        except ClaimBookError as error:
            raise RowRefused("reported_date", str(error)) from error
        has_amounts = row["paid_before"] > 0 or row["outstanding_before"] > 0
        coverage_before = coverage_of(cover_of_row(row, "_before"), row["loss_date_before"])
        if has_amounts and coverage_before is not Coverage.NOT_IN_FORCE and self._is_uncovered(row):
            self.uncovered.append(row["book_reference"])

    def _is_uncovered(self, row: _Row) -> bool:
        """Whether the policy does not cover the loss, with the facts of the row."""
        return coverage_of(cover_of_row(row), row["loss_date"]) is Coverage.NOT_IN_FORCE

    def _entries(self, row: _Row) -> list[dict[str, Any]]:
        """Return the ledger entries that take a claim to the row's amounts; raises RowRefused."""
        entries = planned_entries(row, self.today)
        if self._is_uncovered(row):
            if row["undone_import"] is None:
                self._check_cover(row, entries[0]["entry_type"])
            elif row["paid"] or row["outstanding"]:  # as when it was imported first
                self.uncovered.append(row["book_reference"])
        return entries

    def _check_cover(self, row: _Row, entry_type: EntryType) -> None:
        """Raise RowRefused for a higher amount on a loss that is not covered."""
        claim = Claim(loss_date=row["loss_date"], policy=cover_of_row(row))
        moved, of_type = movement_of(row), indemnity_before(row)
        try:
            check_coverage(claim, entry_type, moved, CostType.INDEMNITY, of_type)
        except ClaimBookError as error:
            raise RowRefused("outstanding", str(error)) from error

    def warnings(self) -> list[str]:
        """Return warnings of accepted rows that a person should check."""
        text = "With these facts the loss is not covered, but the claim has a reserve or payments"
        uncovered = warnings_naming(text, self.uncovered, len(self.uncovered))
        return [*(_reopened_text(*each) for each in sorted(self.reopened.items())), *uncovered]


def _reopened_text(undone_import: int, count: int) -> str:
    """Return the sentence about the claims that are reopened, of one undone import."""
    subject, verb = ("1 claim", "is") if count == 1 else (f"{count:,} claims", "are")
    return f"{subject} that the undo of import {undone_import} declined {verb} reopened."


def cover_of_row(row: _Row, suffix: str = "") -> Policy | None:
    """Return the policy of a row's claim with the fields that decide its cover."""
    if row[f"policy_id{suffix}"] is None:
        return None
    return Policy(
        policy_number=row["policy_number"],
        inception_date=row[f"inception_date{suffix}"],
        expiry_date=row[f"expiry_date{suffix}"],
        cancelled_on=row[f"cancelled_on{suffix}"],
    )


def _changed_claim(row: _Row, entry: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a changed claim as a row of the plan: its facts, and its state after the entry."""
    return {
        **{
            name: row[name]
            for name in ("row", "id", "version", *CLAIM_EDITS, "is_edited", "is_moved")
        },
        **{f"{name}_before": row[f"{name}_before"] for name in CLAIM_FACTS},
        "description_changed": row["description"] != row["description_before"],
        **{name: row[name] for name in BALANCES},
        "status": entry["status_after"] if entry else row["status"],
        "closed_date": entry["closed_date_after"] if entry else row["closed_date"],
        **{name: row[name] for name in ENTRY_DAYS},
    }


def _differences(row: _Row) -> dict[str, int]:
    """Return by how much the amounts of a claim change, in öre."""
    moved = {name: row[name] - row[f"{name}_before"] for name in BALANCES}
    return {"claim_cost": moved["paid"] + moved["outstanding"], **moved}
