"""The previews of changed claims, as the page of the dry run shows them."""

from collections.abc import Mapping
from typing import Any

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_EDITS
from flaskr.facts.closed_lists import Status
from flaskr.imports.dry_run.result import PreviewRow
from flaskr.imports.dry_run.row_outcomes import display_text

_Row = Mapping[str, Any]


def preview_of_change(row: _Row) -> PreviewRow:
    """Return the preview of a changed row: what it changes, before and after."""
    names = [name for name in (*CLAIM_EDITS, *BALANCES) if row[name] != row[f"{name}_before"]]
    is_reopened = row["undone_import"] is not None
    status_before, status_after = (
        {"status": status.value} if is_reopened else {}
        for status in (Status.DECLINED, Status.REOPENED)
    )
    return PreviewRow(
        row["row"],
        row["book_reference"],
        status_after | {displayed_column(name): _displayed_value(row, name) for name in names},
        status_before
        | {displayed_column(name): _displayed_value(row, f"{name}_before", name) for name in names},
    )


def displayed_column(name: str) -> str:
    """Return the column to show for a column: `policy_number` for `policy_id`."""
    return "policy_number" if name == "policy_id" else name


def _displayed_value(row: _Row, column: str, name: str = "") -> str:
    """Return a value as text for the preview."""
    name = name or column
    if name == "policy_id":
        column = column.replace("policy_id", "policy_number")
    return "" if row[column] is None else display_text(name, row[column])
