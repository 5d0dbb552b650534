"""The rows of a file by what becomes of them: how many, what they amount to, the first of each."""

# ruff: noqa: S608 - statements are put together from names that the code declares

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flaskr.facts.lists import Contents
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.dry_run_result import SHOWN_ROWS, RowClass, ShownRow
from flaskr.imports.layouts import AMOUNT_NAMES, LAYOUTS, shown_columns
from flaskr.values.money import from_ore

SHOWN_NAMES = 20
UNCOVERED = "These claims are accepted, though the policy was not in force at the loss"

# Rows that name the same thing are refused together: which of them is right, a person knows.
SEVERAL = """
INSERT INTO faults
WITH several AS (
    SELECT {key}, list(row ORDER BY row) AS rows FROM {table} WHERE {key} IS NOT NULL
    GROUP BY {key} HAVING count(*) > 1
)
SELECT $file, row, '{name}', {name}, 'It appears in rows '
    || array_to_string(rows[:10], ', ') || CASE WHEN len(rows) > 10 THEN ', …' ELSE '' END
    || '. Keep one of them.'
FROM {table} JOIN several USING ({key})
"""


def told(text: str, names: Sequence[str], count: int) -> list[str]:
    """Return a warning with the first of the names that it is about; none when there are none."""
    if not count:
        return []
    first = ", ".join(names[:SHOWN_NAMES])
    more = count - SHOWN_NAMES
    return [f"{text}: {first}" + (f" and {more} more." if more > 0 else ".")]


@dataclass
class Tally:
    """The changed rows of a file: how many, by how much in öre, and the first of them."""

    rows: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    first: list[ShownRow] = field(default_factory=list)

    def add(self, amounts: Mapping[str, int], shown: ShownRow) -> None:
        """Count a row; `shown` is kept of the first ones."""
        self.rows += 1
        for name, ore in amounts.items():
            self.amounts[name] = self.amounts.get(name, 0) + ore
        if len(self.first) < SHOWN_ROWS:
            self.first.append(shown)

    def outcome(self) -> RowClass:
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
# Of a refused row only what could be read.
_REFUSED_SUMS = {
    Contents.CLAIMS: (
        "coalesce(sum(coalesce(claim_cost, paid + outstanding, outstanding, paid, 0)), 0) "
        "AS claim_cost"
    ),
    Contents.POLICIES: _SUMS[Contents.POLICIES],
}


def classes_of(
    staging: Staging, at: int, contents: Contents, changed: Tally
) -> tuple[RowClass, ...]:
    """Return the four classes of a file's rows; the changed ones are tallied already."""
    judged = f"judged_{contents} j"
    if contents is Contents.CLAIMS:
        judged += " LEFT JOIN (SELECT id AS of_id, policy_number FROM book_policies) "
        judged += "ON of_id = policy_id"
    good = f"FROM {judged} WHERE row NOT IN (SELECT row FROM faults WHERE file = $file)"
    created = f"{good} AND id IS NULL"
    unchanged = f"{good} AND id IS NOT NULL AND NOT is_edited AND NOT is_moved"
    return (
        _found("created", staging, at, contents, created),
        changed.outcome(),
        _found("unchanged", staging, at, contents, unchanged),
        _refused(staging, at, contents),
    )


def _found(name: str, staging: Staging, at: int, contents: Contents, rows: str) -> RowClass:
    """Return the class of the rows that a FROM and WHERE name."""
    (sums,) = staging.dicts(f"SELECT count(*) AS rows, {_SUMS[contents]} {rows}", file=at)
    key, columns = LAYOUTS[contents].key, shown_columns(contents, is_migration=False)
    first = staging.dicts(
        f"SELECT row, {key} AS name, {', '.join(columns)} {rows} ORDER BY row LIMIT {SHOWN_ROWS}",
        file=at,
    )
    shown = tuple(
        ShownRow(row["row"], row["name"], texts({each: row[each] for each in columns}))
        for row in first
    )
    return RowClass(name, sums.pop("rows"), texts(sums), shown)


def _refused(staging: Staging, at: int, contents: Contents) -> RowClass:
    """Return the class of refused rows."""
    rows = staging.one("SELECT count(DISTINCT row) FROM faults WHERE file = $file", file=at)
    (sums,) = staging.dicts(
        f"SELECT {_REFUSED_SUMS[contents]} FROM {contents} "
        "WHERE row IN (SELECT row FROM faults WHERE file = $file)",
        file=at,
    )
    return RowClass("refused", rows, texts(sums))


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as a page shows them; those that are missing are left out."""
    return {name: text_of(name, value) for name, value in values.items() if value is not None}


def text_of(name: str, value: Any) -> str:
    """Return one value as text: amounts, which are whole öre here, with their decimals."""
    if name in AMOUNT_NAMES and isinstance(value, int | Decimal):
        return str(from_ore(int(value)))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def value_of(row: Mapping[str, Any], column: str, name: str = "") -> str:
    """Return a row's value as text, empty for none; `name` is the book's where it differs."""
    value = row.get(column)
    return "" if value is None else text_of(name or column, value)
