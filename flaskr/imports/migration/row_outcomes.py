"""The classes of the rows of a migration's files."""

# ruff: noqa: S608 - statements are built from names that the code declares

from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.result import PREVIEW_ROWS, PreviewRow, RowClass
from flaskr.imports.dry_run.row_outcomes import display_texts
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.loaded_columns import LAYOUTS, preview_columns

_LEDGER_SUMS = (
    ", coalesce(sum(paid + outstanding), 0) AS claim_cost, coalesce(sum(paid), 0) AS paid, "
    "coalesce(sum(outstanding), 0) AS outstanding, coalesce(sum(recovered), 0) AS recovered"
)
# The table of new rows, and the SQL of their sums.
_CLASSES = {
    Contents.POLICIES: ("new_policies", ", coalesce(sum(premium), 0) AS premium"),
    Contents.CLAIMS: ("new_claims", ""),
    Contents.LEDGER: ("planned", _LEDGER_SUMS),
}
_REFUSED = "row IN (SELECT row FROM refused WHERE file = $file)"


def migration_row_classes(staging: Staging, at: int, contents: Contents) -> tuple[RowClass, ...]:
    """Return the classes of the rows of the file at position `at`; a migration changes no row."""
    new = f"row IN (SELECT row FROM {_CLASSES[contents][0]})"
    return (
        _row_class("created", staging, at, contents, f"NOT {_REFUSED} AND {new}"),
        _row_class("unchanged", staging, at, contents, f"NOT {_REFUSED} AND NOT {new}"),
        _refused_class(staging, at, contents),
    )


def _row_class(name: str, staging: Staging, at: int, contents: Contents, where: str) -> RowClass:
    """Return the class of the rows for which a condition holds."""
    sums, key = _CLASSES[contents][1], LAYOUTS[contents].key
    columns = ", ".join(preview_columns(contents, is_migration=True))
    rows = f"FROM {contents} WHERE {where}"
    (sums_by_name,) = staging.dicts(f"SELECT count(*) AS rows{sums} {rows}", file=at)
    first = staging.dicts(
        f"SELECT row, {key} AS name, {columns} {rows} ORDER BY row LIMIT {PREVIEW_ROWS}", file=at
    )
    preview = tuple(
        PreviewRow(row.pop("row"), row.pop("name"), display_texts(row)) for row in first
    )
    return RowClass(name, sums_by_name.pop("rows"), display_texts(sums_by_name), preview)


def _refused_class(staging: Staging, at: int, contents: Contents) -> RowClass:
    """Return the class of refused rows; rows that could not be split into cells are in no table."""
    rows = staging.one("SELECT count(DISTINCT row) FROM refused WHERE file = $file", file=at)
    sums = _CLASSES[contents][1]
    (sums_by_name,) = staging.dicts(
        f"SELECT count(*) AS rows{sums} FROM {contents} WHERE {_REFUSED}", file=at
    )
    sums_by_name.pop("rows")
    return RowClass("refused", rows, display_texts(sums_by_name))
