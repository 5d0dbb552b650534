"""The book's own rules, asked of each claim that is changed or in doubt."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from flaskr.claims.ledger.posting import check_coverage
from flaskr.claims.ledger.rules import BALANCES, Movement, State
from flaskr.claims.models import CLAIM_EDITS, CLAIM_FACTS, Claim, coverage_of
from flaskr.claims.services import check_claim_dates
from flaskr.errors import ClaimBookError
from flaskr.facts.lists import Coverage, EntryType, Status
from flaskr.imports.dry_run.row_classes import Tally, text_of, told
from flaskr.imports.dry_run.staging import FaultRow
from flaskr.imports.dry_run_result import ShownRow
from flaskr.policies.models import Policy
from flaskr.values.money import from_ore, to_ore
from flaskr.values.text import is_allotted

Row = Mapping[str, Any]
GIVEN_ELSEWHERE = "The book assigns such references, and it has not assigned this one. Correct it."


class Refused(ClaimBookError):
    """A row that a rule refuses, with the column that it is about."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class ClaimJudge:
    """Judges rows of claims one by one; what is refused goes to `faults`, the rest is counted."""

    def __init__(
        self, at: int, given: Collection[str], today: date, first_days: Mapping[int, date]
    ) -> None:
        self.at, self.given, self.today, self.first_days = at, given, today, first_days
        self.faults: list[FaultRow] = []
        self.tally = Tally()
        self.uncovered: list[str] = []

    def judged(self, rows: Iterable[Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the changed claims of a batch and their entries, as the plan has them."""
        changed: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for row in rows:
            try:
                entry = self.judge(row)
            except Refused as error:
                self.faults.append(self.fault(row, error))
                continue
            if row["id"] is not None:
                changed.append(_changed_claim(row, entry))
                entries.extend([entry] if entry else [])
                self.tally.add(_differences(row), _shown_change(row))
        return changed, entries

    def fault(self, row: Row, error: Refused) -> FaultRow:
        """Return what to note of a row that is refused, by a column that the file has."""
        names = (error.field, "claim_cost", "paid")
        field = next((name for name in names if name in self.given), error.field)
        value = "" if row.get(field) is None else text_of(field, row[field])
        return (self.at, row["row"], field, value, str(error))

    def judge(self, row: Row) -> dict[str, Any] | None:
        """Return the entry that a row posts, None for none; raises Refused."""
        if row["id"] is None:
            self._check_new(row)
            return None
        if row["is_edited"]:
            self._check_edit(row)
        return self.entry(row) if row["is_moved"] else None

    def _check_new(self, row: Row) -> None:
        """Raise Refused for a new claim that the book would not take."""
        if is_allotted(row["claim_reference"]):
            raise Refused("claim_reference", GIVEN_ELSEWHERE)
        self._check_days(row)
        _after(State(), EntryType.IMPORT_OPENING, _movement(row, of_new=True), self.today)

    def _check_days(self, row: Row) -> None:
        """Raise Refused unless loss <= reported <= today."""
        try:
            check_claim_dates(row["loss_date"], row["reported_date"], self.today)
        except ClaimBookError as error:
            raise Refused("loss_date", str(error)) from error

    def _check_edit(self, row: Row) -> None:
        """Raise Refused for facts that do not fit; note a claim that loses its cover."""
        self._check_days(row)
        first = self.first_days.get(row["id"])
        earliest = row["reported_date"] or row["loss_date"]
        if first and earliest and first < earliest:
            raise Refused(
                "reported_date",
                f"The claim has an entry dated {first}; the reported date cannot be after it.",
            )
        has_money = row["paid_before"] > 0 or row["outstanding_before"] > 0
        was = coverage_of(policy_of(row, "_before"), row["loss_date_before"])
        if has_money and was is not Coverage.NOT_IN_FORCE and self._is_uncovered(row):
            self.uncovered.append(row["book_reference"])

    def _is_uncovered(self, row: Row) -> bool:
        """Whether the policy does not cover the loss, by the facts that the row makes."""
        return coverage_of(policy_of(row), row["loss_date"]) is Coverage.NOT_IN_FORCE

    def entry(self, row: Row) -> dict[str, Any]:
        """Return the entry that brings a claim to the row's amounts; raises Refused."""
        is_first = row["last_transaction_date"] is None
        entry_type = EntryType.IMPORT_OPENING if is_first else EntryType.ADJUSTMENT
        moved = _movement(row)
        state = _after(_state_before(row), entry_type, moved, self.today)
        if self._is_uncovered(row):
            self._check_cover(row, entry_type, moved)
        return {
            "row": row["row"],
            "claim_id": row["id"],
            "entry_type": entry_type,
            **{name: to_ore(getattr(moved, name)) for name in BALANCES},
            **{f"{name}_after": to_ore(getattr(state, name)) for name in BALANCES},
            "status_after": state.status,
            "closed_date_after": state.closed_date,
        }

    def _check_cover(self, row: Row, entry_type: EntryType, moved: Movement) -> None:
        """Raise Refused for more money on a loss that is not covered."""
        claim = Claim(loss_date=row["loss_date"], policy=policy_of(row))
        try:
            check_coverage(claim, entry_type, moved)
        except ClaimBookError as error:
            raise Refused("outstanding", str(error)) from error

    def warnings(self) -> list[str]:
        """Return what is taken all the same, and should be looked at."""
        text = "With these facts the loss is not covered, but the claim has a reserve or payments"
        return told(text, self.uncovered, len(self.uncovered))


def _after(before: State, entry_type: EntryType, moved: Movement, day: date) -> State:
    """Return the state after an entry; raises Refused when a rule of the ledger does."""
    try:
        return before.after(entry_type, moved, day)
    except ClaimBookError as error:
        field = "recovered" if "ecovered" in str(error) else "outstanding"
        raise Refused(field, str(error)) from error


def _movement(row: Row, of_new: bool = False) -> Movement:
    """Return what a row moves: the difference to what the book has."""
    return Movement(
        *(from_ore(row[name] - (0 if of_new else row[f"{name}_before"])) for name in BALANCES)
    )


def _state_before(row: Row) -> State:
    """Return the claim as the book has it."""
    paid, outstanding, recovered = (from_ore(row[f"{name}_before"]) for name in BALANCES)
    return State(paid, outstanding, recovered, Status(row["status"]), row["closed_date"])


def policy_of(row: Row, suffix: str = "") -> Policy | None:
    """Return the policy that a row's claim is on, as far as cover goes by it."""
    if row[f"policy_id{suffix}"] is None:
        return None
    return Policy(
        policy_number=row["policy_number"],
        inception_date=row[f"inception_date{suffix}"],
        expiry_date=row[f"expiry_date{suffix}"],
        cancelled_on=row[f"cancelled_on{suffix}"],
    )


def _changed_claim(row: Row, entry: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a changed claim as the plan has it: its facts, and its state after the entry."""
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
    }


def _differences(row: Row) -> dict[str, int]:
    """Return by how much the amounts of a claim change, in öre."""
    moved = {name: row[name] - row[f"{name}_before"] for name in BALANCES}
    return {"claim_cost": moved["paid"] + moved["outstanding"], **moved}


def _shown_change(row: Row) -> ShownRow:
    """Return the facts and amounts that a row changes, before and after."""
    names = [name for name in (*CLAIM_EDITS, *BALANCES) if row[name] != row[f"{name}_before"]]
    return ShownRow(
        row["row"],
        row["book_reference"],
        {shown_name(name): _shown_value(row, name) for name in names},
        {shown_name(name): _shown_value(row, f"{name}_before", name) for name in names},
    )


def shown_name(name: str) -> str:
    """Return the name of a column on the page: a policy is named by its number."""
    return "policy_number" if name == "policy_id" else name


def _shown_value(row: Row, column: str, name: str = "") -> str:
    """Return a value as the page shows it."""
    name = name or column
    if name == "policy_id":
        column = column.replace("policy_id", "policy_number")
    return "" if row[column] is None else text_of(name, row[column])
