"""Rows of totals, which are no claims: recognised by their words, or by their sums."""

# ruff: noqa: S608 - statements are built from names that the code declares

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.dry_run.staging import Staging

TOTAL = (
    "This looks like a total of other rows. Leave the row out, or choose to take such rows if it "
    "is not one."
)
_WORDS = (
    "(?:grand|sub|del|slut|general|overall|running)?[ -]?(?:totals?|totalt|totalen|totalsumma|summa"
    "|summor|summan|sum|sums|summary|summering)|summa totalt|(?:total|summa) (?:of|av|för|for) .*"
    "|average|mean|medel|medelv[äa]rde|genomsnitt|count|antal"
)
_TOTAL = rf"(?i)^\W*(?:{_WORDS})(?:\s*[:=].*|\s+\(.*\)|\s+[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}})?\W*$"


def look_like_totals(references: pa.Array) -> pa.BooleanArray:
    """Return which references are words for a total: Total, Summa:, Subtotal 2024."""
    return pc.fill_null(pc.match_substring_regex(references, _TOTAL), False)


def leave_out_totals(staging: Staging, at: int, columns: FileColumns) -> list[int]:
    """Remove the rows without a reference that add up the rows above; return their numbers.

    Such a row has the sums of at least two rows above, of all or of those since the last such row,
    in every amount that it has; then there is no doubt. Its faults are removed with it. In a ledger
    a sum may be a movement, so nothing is removed.
    """
    layout = columns.layout
    amounts = [c.name for c in layout.fields if c.kind is Kind.AMOUNT and c.name in columns.titles]
    no_reference = f"FROM {layout.contents} WHERE {layout.key} IS NULL"
    if layout.is_signed or not amounts or not staging.one(f"SELECT count(*) {no_reference}"):
        return []
    above = ", ".join(
        f"coalesce(sum({name}) FILTER (WHERE {layout.key} IS NOT NULL) OVER above, 0) "
        f"AS {name}_above"
        for name in amounts
    )
    earlier = ", ".join(
        f"lag({name}_above, 1, 0) OVER (ORDER BY row) AS {name}_earlier" for name in amounts
    )
    adds_up = " AND ".join(
        f"({name} IS NULL OR {name} IN ({name}_above, {name}_above - {name}_earlier))"
        for name in amounts
    )
    has_amount = " OR ".join(f"{name} <> 0" for name in amounts)
    found = staging.run(
        f"""
        WITH summed AS (
            SELECT row, {layout.key}, {", ".join(amounts)}, {above},
                count({layout.key}) OVER above AS rows_above
            FROM {layout.contents}
            WINDOW above AS (ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ), candidates AS (SELECT *, {earlier} FROM summed WHERE {layout.key} IS NULL)
        SELECT row FROM candidates WHERE rows_above > 1 AND ({has_amount}) AND {adds_up}
        ORDER BY row
        """
    ).fetchall()
    rows = [row for (row,) in found]
    staging.run(f"DELETE FROM {layout.contents} WHERE row IN (SELECT unnest($rows))", rows=rows)
    for table in ("faults", "doubts"):
        of_rows = f"DELETE FROM {table} WHERE file = $file AND row IN (SELECT unnest($rows))"
        staging.run(of_rows, file=at, rows=rows)
    return rows
