"""The classes of a file's rows: created, changed, unchanged, refused; with counts and amounts."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.result import PREVIEW_ROWS, PreviewRow, RowClass
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.loaded_columns import AMOUNT_NAMES, LAYOUTS, preview_columns
from flaskr.values.money import from_ore

LISTED_NAMES = 20
UNCOVERED_WARNING = "These claims are accepted, though the policy was not in force at the loss"

# Rows with the same key are all refused: only a person knows which of them is right.
_NOTE_DUPLICATES = """
INSERT INTO faults
WITH several AS (
    SELECT {key}, 'It appears in rows ' || array_to_string(list_sort(min(row, 10)), ', ')
        || CASE WHEN count(*) > 10 THEN ', …, ' || count(*) || ' in all' ELSE '' END
        || '. {advice}' AS text
    FROM {table} WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1
)
SELECT $file, row, '{name}', {name}, text FROM {table} JOIN several USING ({key})
"""
_ONE_ROW_EACH = {
    "claim_reference": "Add the amounts up in one row; the movements of a claim one by one belong "
    "in the ledger of a migration.",
    "policy_number": "A policy has one row.",
    "entry_number": "Each entry has a number that no other has.",
}


def note_duplicates(staging: Staging, at: int, table: str, key: str, name: str) -> None:
    """Note all rows of a file whose key stands in several; `name` is the column of the key."""
    advice = _ONE_ROW_EACH[name]
    staging.run(_NOTE_DUPLICATES.format(table=table, key=key, name=name, advice=advice), file=at)


def warnings_naming(text: str, names: Sequence[str], count: int) -> list[str]:
    """Return a warning with the first of its names, as a list; empty when `count` is zero."""
    if not count:
        return []
    first = ", ".join(names[:LISTED_NAMES])
    more = count - LISTED_NAMES
    return [f"{text}: {first}" + (f" and {more} more." if more > 0 else ".")]


@dataclass
class Tally:
    """The changed rows of a file: how many, by how much in öre, and the first of them."""

    rows: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    first: list[PreviewRow] = field(default_factory=list)

    def add(self, amounts: Mapping[str, int], preview: PreviewRow) -> None:
        """Count a row; the previews of the first rows are kept."""
        self.rows += 1
        for name, ore in amounts.items():
            self.amounts[name] = self.amounts.get(name, 0) + ore
        if len(self.first) < PREVIEW_ROWS:
            self.first.append(preview)

    def row_class(self) -> RowClass:
        """Return the class of changed rows."""
        amounts = {name: str(from_ore(ore)) for name, ore in self.amounts.items()}
        return RowClass("changed", self.rows, amounts, tuple(self.first))


_SUMS = {
    Contents.CLAIMS: (
        "coalesce(sum(paid + outstanding), 0) AS claim_cost, coalesce(sum(paid), 0) AS paid, "
        "coalesce(sum(outstanding), 0) AS outstanding, coalesce(sum(recovered), 0) AS recovered"
    ),
    Contents.POLICIES: "coalesce(sum(premium), 0) AS premium",
}
# Refused rows may lack some of the amounts.
_REFUSED_SUMS = {
    Contents.CLAIMS: (
        "coalesce(sum(coalesce(claim_cost, paid + outstanding, outstanding, paid, 0)), 0) "
        "AS claim_cost"
    ),
    Contents.POLICIES: _SUMS[Contents.POLICIES],
}


def row_classes(
    staging: Staging, at: int, contents: Contents, changed: Tally
) -> tuple[RowClass, ...]:
    """Return the four classes of a file's rows; `changed` is the tally of the changed ones."""
    compared = f"compared_{contents} j"
    if contents is Contents.CLAIMS:
        compared += " LEFT JOIN (SELECT id AS of_id, policy_number FROM book_policies) "
        compared += "ON of_id = policy_id"
    valid = f"FROM {compared} WHERE row NOT IN (SELECT row FROM faults WHERE file = $file)"
    created = f"{valid} AND id IS NULL"
    unchanged = f"{valid} AND id IS NOT NULL AND NOT is_edited AND NOT is_moved"
    return (
        _row_class("created", staging, at, contents, created),
        changed.row_class(),
        _row_class("unchanged", staging, at, contents, unchanged),
        _refused_class(staging, at, contents),
    )


def _row_class(name: str, staging: Staging, at: int, contents: Contents, rows: str) -> RowClass:
    """Return the class of the rows of `rows`, a FROM clause with its WHERE."""
    (sums,) = staging.dicts(f"SELECT count(*) AS rows, {_SUMS[contents]} {rows}", file=at)
    key, columns = LAYOUTS[contents].key, preview_columns(contents, is_migration=False)
    first = staging.dicts(
        f"SELECT row, {key} AS name, {', '.join(columns)} {rows} ORDER BY row LIMIT {PREVIEW_ROWS}",
        file=at,
    )
    preview = tuple(
        PreviewRow(row["row"], row["name"], display_texts({each: row[each] for each in columns}))
        for row in first
    )
    return RowClass(name, sums.pop("rows"), display_texts(sums), preview)


def _refused_class(staging: Staging, at: int, contents: Contents) -> RowClass:
    """Return the class of refused rows."""
    rows = staging.one("SELECT count(DISTINCT row) FROM faults WHERE file = $file", file=at)
    (sums,) = staging.dicts(
        f"SELECT {_REFUSED_SUMS[contents]} FROM {contents} "
        "WHERE row IN (SELECT row FROM faults WHERE file = $file)",
        file=at,
    )
    return RowClass("refused", rows, display_texts(sums))


def display_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as texts for a page, without the null ones."""
    return {name: display_text(name, value) for name, value in values.items() if value is not None}


def display_text(name: str, value: Any) -> str:
    """Return one value as text for a page; amounts come in whole öre, and get decimals."""
    if name in AMOUNT_NAMES and isinstance(value, int | Decimal):
        return str(from_ore(int(value)))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def display_cell(row: Mapping[str, Any], column: str, name: str = "") -> str:
    """Return a row's value as text, empty for null; `name` is its column in the book."""
    value = row.get(column)
    return "" if value is None else display_text(name or column, value)
