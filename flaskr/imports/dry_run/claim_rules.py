"""Applies the rules of the book to each claim that changes or might break one."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from flaskr.claims.ledger.balances import BALANCES, Balances, BalancesByType, Movement
from flaskr.claims.ledger.posting import check_coverage
from flaskr.claims.ledger.rules import State
from flaskr.claims.models import CLAIM_EDITS, CLAIM_FACTS, Claim, coverage_of
from flaskr.claims.services import check_claim_dates, check_report_day
from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import CostType, Coverage, EntryType, ReasonCode, Status
from flaskr.imports.dry_run.claim_previews import preview_of_change
from flaskr.imports.dry_run.row_outcomes import Tally, display_text, warnings_naming
from flaskr.imports.dry_run.staging import FaultRow
from flaskr.imports.plan import ENTRY_DAYS
from flaskr.policies.models import Policy
from flaskr.values.money import format_money, from_ore, to_ore
from flaskr.values.text import is_allotted

_Row = Mapping[str, Any]
NOT_ASSIGNED = "The book assigns such references, and it has not assigned this one. Correct it."


class RowRefused(ClaimBookError):
    """A row that a rule refuses, with the column at fault."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class ClaimChecker:
    """Checks rows of claims one by one; refusals go to `faults`, changed rows to `tally`."""

    def __init__(self, at: int, given: Collection[str], today: date) -> None:
        self.at, self.given, self.today = at, given, today
        self.faults: list[FaultRow] = []
        self.tally = Tally()
        self.uncovered: list[str] = []

    def changes_in(self, rows: Iterable[_Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the changed claims of a batch and their entries, as rows of the plan."""
        changed: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for row in rows:
            try:
                entry = self.check(row)
            except RowRefused as error:
                self.faults.append(self.fault(row, error))
                continue
            if row["id"] is not None:
                changed.append(_changed_claim(row, entry))
                entries.extend([entry] if entry else [])
                self.tally.add(_differences(row), preview_of_change(row))
        return changed, entries

    def fault(self, row: _Row, error: RowRefused) -> FaultRow:
        """Return the fault of a refused row, on a column that the file has."""
        names = (error.field, "claim_cost", "paid")
        field = next((name for name in names if name in self.given), error.field)
        value = "" if row.get(field) is None else display_text(field, row[field])
        return (self.at, row["row"], field, value, str(error))

    def check(self, row: _Row) -> dict[str, Any] | None:
        """Return the ledger entry that a row posts, or None; raises RowRefused."""
        if row["id"] is None:
            self._check_new(row)
            return None
        if row["is_edited"]:
            self._check_edit(row)
        return self.entry(row) if row["is_moved"] else None

    def _check_new(self, row: _Row) -> None:
        """Raise RowRefused for a new claim that breaks a rule."""
        if is_allotted(row["claim_reference"]):
            raise RowRefused("claim_reference", NOT_ASSIGNED)
        self._check_days(row)
        _state_after(State(), EntryType.IMPORT_OPENING, _movement(row, is_new=True), self.today)

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

    def entry(self, row: _Row) -> dict[str, Any]:
        """Return the ledger entry that takes a claim to the row's amounts; raises RowRefused."""
        is_first = row["last_transaction_date"] is None
        entry_type = EntryType.IMPORT_OPENING if is_first else EntryType.ADJUSTMENT
        before, moved, expense = _state_before(row), _movement(row), _expense_of(row)
        _check_indemnity(before, moved, expense)
        of_type = {CostType.INDEMNITY: _less(before, expense), CostType.EXPENSE: expense}
        state = _state_after(before, entry_type, moved, self.today, of_type)
        if self._is_uncovered(row):
            self._check_cover(row, entry_type, moved, of_type[CostType.INDEMNITY])
        return {
            "row": row["row"],
            "claim_id": row["id"],
            "entry_type": entry_type,
            **{name: to_ore(getattr(moved, name)) for name in BALANCES},
            **{f"{name}_after": to_ore(getattr(state, name)) for name in BALANCES},
            "status_after": state.status,
            "closed_date_after": state.closed_date,
            "reason_code": None if is_first else ReasonCode.IMPORT_SENT_AGAIN.value,
        }

    def _check_cover(
        self, row: _Row, entry_type: EntryType, moved: Movement, of_type: Balances
    ) -> None:
        """Raise RowRefused for a higher amount on a loss that is not covered."""
        claim = Claim(loss_date=row["loss_date"], policy=cover_of_row(row))
        try:
            check_coverage(claim, entry_type, moved, CostType.INDEMNITY, of_type)
        except ClaimBookError as error:
            raise RowRefused("outstanding", str(error)) from error

    def warnings(self) -> list[str]:
        """Return warnings of accepted rows that a person should check."""
        text = "With these facts the loss is not covered, but the claim has a reserve or payments"
        return warnings_naming(text, self.uncovered, len(self.uncovered))


def _state_after(
    before: State,
    entry_type: EntryType,
    moved: Movement,
    day: date,
    by_type: BalancesByType | None = None,
) -> State:
    """Return the state after an entry; raises RowRefused when a rule of the ledger refuses it."""
    try:
        return before.after(entry_type, moved, day, CostType.INDEMNITY, by_type)
    except ClaimBookError as error:
        field = "recovered" if "ecovered" in str(error) else "outstanding"
        raise RowRefused(field, str(error)) from error


def _movement(row: _Row, is_new: bool = False) -> Movement:
    """Return the movement of a row: the difference to the book's amounts."""
    return Movement(
        *(from_ore(row[name] - (0 if is_new else row[f"{name}_before"])) for name in BALANCES)
    )


def _state_before(row: _Row) -> State:
    """Return the state of a row's claim in the book."""
    paid, outstanding, recovered = (from_ore(row[f"{name}_before"]) for name in BALANCES)
    return State(paid, outstanding, recovered, Status(row["status"]), row["closed_date"])


def _expense_of(row: _Row) -> Balances:
    """Return what of the balances of a row's claim in the book is expense."""
    return Balances(*(from_ore(row[f"{name}_of_expense"]) for name in BALANCES))


def _less(total: Balances, part: Balances) -> Balances:
    """Return what remains of balances without a part of them."""
    return Balances(*(getattr(total, name) - getattr(part, name) for name in BALANCES))


def _check_indemnity(before: Balances, moved: Movement, expense: Balances) -> None:
    """Raise RowRefused for a total that is lowered below the expense in it.

    The amounts of a file are totals, and it changes the indemnity only.
    """
    for name in BALANCES:
        delta, of_expense = getattr(moved, name), getattr(expense, name)
        total = getattr(before, name) + delta
        if 0 <= total < of_expense and delta < 0:
            raise RowRefused(
                name,
                f"Of {name}, {format_money(of_expense)} is expense, and a file of claims changes "
                "the indemnity only. Change the expense on the claim's page first.",
            )


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
