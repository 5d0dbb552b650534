"""The rows of a migration's files by what becomes of them."""

# ruff: noqa: S608 - statements are put together from names that the code declares

from flaskr.facts.lists import Contents
from flaskr.imports.dry_run.row_classes import texts
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.dry_run_result import SHOWN_ROWS, RowClass, ShownRow
from flaskr.imports.layouts import LAYOUTS, shown_columns

_LEDGER_SUMS = (
    ", coalesce(sum(paid + outstanding), 0) AS claim_cost, coalesce(sum(paid), 0) AS paid, "
    "coalesce(sum(outstanding), 0) AS outstanding, coalesce(sum(recovered), 0) AS recovered"
)
# The table of the new rows, and what they amount to.
_CLASSES = {
    Contents.POLICIES: ("new_policies", ", coalesce(sum(premium), 0) AS premium"),
    Contents.CLAIMS: ("new_claims", ""),
    Contents.LEDGER: ("planned", _LEDGER_SUMS),
}
_REFUSED = "row IN (SELECT row FROM faults WHERE file = $file)"


def classes_of_migrated(staging: Staging, at: int, contents: Contents) -> tuple[RowClass, ...]:
    """Return the classes of the rows of the file at a place: a migration changes nothing."""
    new = f"row IN (SELECT row FROM {_CLASSES[contents][0]})"
    return (
        _row_class("created", staging, at, contents, f"NOT {_REFUSED} AND {new}"),
        _row_class("unchanged", staging, at, contents, f"NOT {_REFUSED} AND NOT {new}"),
        _refused_class(staging, at, contents),
    )


def _row_class(name: str, staging: Staging, at: int, contents: Contents, where: str) -> RowClass:
    """Return the class of the rows for which a condition holds."""
    sums, key = _CLASSES[contents][1], LAYOUTS[contents].key
    columns = ", ".join(shown_columns(contents, is_migration=True))
    rows = f"FROM {contents} WHERE {where}"
    (found,) = staging.dicts(f"SELECT count(*) AS rows{sums} {rows}", file=at)
    first = staging.dicts(
        f"SELECT row, {key} AS name, {columns} {rows} ORDER BY row LIMIT {SHOWN_ROWS}", file=at
    )
    shown = tuple(ShownRow(row.pop("row"), row.pop("name"), texts(row)) for row in first)
    return RowClass(name, found.pop("rows"), texts(found), shown)


def _refused_class(staging: Staging, at: int, contents: Contents) -> RowClass:
    """Return the class of refused rows; those that could not be parted are in no table."""
    rows = staging.one("SELECT count(DISTINCT row) FROM faults WHERE file = $file", file=at)
    sums = _CLASSES[contents][1]
    (found,) = staging.dicts(
        f"SELECT count(*) AS rows{sums} FROM {contents} WHERE {_REFUSED}", file=at
    )
    found.pop("rows")
    return RowClass("refused", rows, texts(found))
