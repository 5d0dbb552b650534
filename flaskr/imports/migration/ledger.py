"""Plans the ledgers of migrated claims, each in the order of recording."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import REASON_REQUIRED
from flaskr.facts.closed_lists import ReasonCode
from flaskr.imports.dry_run.claim_entries import RowRefused
from flaskr.imports.dry_run.row_outcomes import display_cell
from flaskr.imports.dry_run.staging import FaultRow
from flaskr.imports.migration.claim_ledger import ClaimLedger, PlannedEntry
from flaskr.imports.migration.instants import check_instant
from flaskr.imports.plan import BOOKED_COLUMNS
from flaskr.values.money import to_ore

_Row = Mapping[str, Any]


class LedgerPlanner:
    """Plans the ledgers of an older system; refusals go to `faults`.

    `first_posted_at` is when the book posted its own first entry, None when it has posted none.
    """

    def __init__(
        self, at: int, zone: ZoneInfo, now: datetime, first_posted_at: datetime | None
    ) -> None:
        self.at, self.zone, self.now, self.first_posted_at = at, zone, now, first_posted_at
        self.faults: list[FaultRow] = []

    def ledgers(self, rows: Iterable[_Row]) -> Iterator[list[PlannedEntry]]:
        """Yield the ledger of each claim; rows are sorted by claim, then by `recorded_at`.

        A claim with a refused row gets no plan, because later refusals would only follow from it.
        """
        for _, claim_rows in groupby(rows, key=lambda row: row["claim_key"]):
            ledger = ClaimLedger(self.zone, self.now)
            row: _Row = {}
            try:
                for row in claim_rows:
                    check_instant(row["recorded_at"], self.now, self.first_posted_at)
                    ledger.add(row)
                planned = ledger.planned()
            except RowRefused as error:
                value = display_cell(row, error.field)
                text = f"Claim {row['claim_reference']}: {error}"
                self.faults.append((self.at, row["row"], error.field, value, text))
            else:
                yield planned


def staged_entry(each: PlannedEntry) -> dict[str, Any]:
    """Return a planned entry as a row of the staging database."""
    needs_reason = not {each.entry_type, each.row["entry_type"]}.isdisjoint(REASON_REQUIRED)
    return {
        "row": each.row["row"],
        "claim_key": each.row["claim_key"],
        "entry_type": each.entry_type.value,
        "cost_type": each.cost_type.value,
        "transaction_date": each.row["transaction_date"],
        "recorded_at": each.row["recorded_at"],
        **{name: to_ore(getattr(each.movement, name)) for name in BALANCES},
        **{f"{name}_after": to_ore(getattr(each.after, name)) for name in BALANCES},
        "status_after": each.after.status.value,
        "closed_date_after": each.after.closed_date,
        "reason_code": each.row["reason_code"] or (ReasonCode.MIGRATED if needs_reason else None),
        "reverses_row": each.reverses_row,
        "exceptions": " ".join(each.exceptions) or None,
        **_booked_columns(each),
    }


def _booked_columns(each: PlannedEntry) -> dict[str, Any]:
    """Return the state by the booked clock, where its order is another."""
    if each.booked is None:
        return dict.fromkeys(BOOKED_COLUMNS)
    return {
        **{f"{name}_booked": to_ore(getattr(each.booked, name)) for name in BALANCES},
        "status_booked": each.booked.status.value,
        "closed_date_booked": each.booked.closed_date,
    }
