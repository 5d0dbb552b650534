"""Rows of totals, which are no claims: recognised by their words, or by their sums."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.facts.kinds import Kind
from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.dry_run.staging import Staging

TOTAL = (
    "This looks like a total of other rows. Leave the row out, or choose to take such rows if it "
    "is not one."
)
# In English and the languages of the neighbours: Swedish, Danish, Norwegian, Finnish, German,
# Dutch, French, Spanish, Italian, Portuguese and Polish.
_WORDS = (
    "(?:grand|sub|del|slut|general|overall|running)?[ -]?(?:totals?|totalt|totalen|totalsumma|summa"
    "|summor|summan|sum|sums|summary|summering)|summa (?:totalt|summarum)"
    "|(?:total|summa) (?:of|av|för|for) .*"
    "|average|mean|medel|medelv[äa]rde|genomsnitt|count|antal|Σ"
    "|i alt|totalsum|tilsammans|yhteens[äa]|loppusumma|v[äa]lisumma|(?:gesamt|zwischen|end)?summe"
    "|(?:ins)?gesamt|(?:sub|eind)?totaal|(?:sous[ -])?totau?x?(?: g[ée]n[ée]ral)?|suma|razem"
    "|(?:sub)?totale|total(?:e)? gener[a-z]*|soma"
)
_WHOLE = rf"(?i)^\W*(?:{_WORDS})(?:\s*[:=].*|\s+\(.*\)|\s+[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}})?\W*$"
_BEGINS_WITH_WORD = rf"(?i)^\W*(?:{_WORDS})\s"
_HAS_DIGIT = "[0-9]"


def look_like_totals(references: pa.Array) -> pa.BooleanArray:
    """Return which references are words for a total: Total, Summa:, Subtotal 2024."""
    return pc.fill_null(pc.match_substring_regex(references, _WHOLE), False)


def leave_out_totals(staging: Staging, at: int, columns: FileColumns) -> list[int]:
    """Remove the rows without a reference that add up the rows above; return their numbers.

    Without a day or a value of a list there is no doubt. Their faults are removed with them.
    """
    layout = columns.layout
    own = [c.name for c in layout.fields if c.kind in (Kind.DAY, Kind.CHOICE)]
    is_bare = [f"{name} IS NULL" for name in own if name in columns.titles]
    found = _rows_that_add_up(staging, columns, f"{layout.key} IS NULL", is_bare)
    rows = [row for row, _ in found]
    staging.run(f"DELETE FROM {layout.contents} WHERE row IN (SELECT unnest($rows))", rows=rows)
    for table in ("faults", "doubts"):
        of_rows = f"DELETE FROM {table} WHERE file = $file AND row IN (SELECT unnest($rows))"
        staging.run(of_rows, file=at, rows=rows)
    return rows


def doubt_totals(staging: Staging, at: int, columns: FileColumns) -> None:
    """Doubt the rows that add up those above, if their reference does not look like the others.

    It begins with a word for a total (“Total claims”), or has no digit, as none of the others.
    """
    key = columns.layout.key
    begins = f"coalesce(regexp_matches({key}, '{_BEGINS_WITH_WORD}'), false)"
    is_bare = f"coalesce(NOT regexp_matches({key}, '{_HAS_DIGIT}'), false)"
    found = dict(_rows_that_add_up(staging, columns, begins))
    bare = dict(_rows_that_add_up(staging, columns, is_bare))
    count = f"SELECT count(*) FROM {columns.layout.contents} WHERE {is_bare}"
    if bare and len(bare) == staging.one(count):
        found |= bare
    doubted = staging.run(
        "SELECT row FROM doubts WHERE file = $file AND text = $text", file=at, text=TOTAL
    )
    for (row,) in doubted.fetchall():
        found.pop(row, None)
    staging.add_doubts(
        [(at, row, key, reference, TOTAL, None, None) for row, reference in sorted(found.items())]
    )


def _rows_that_add_up(
    staging: Staging, columns: FileColumns, is_candidate: str, conditions: Sequence[str] = ()
) -> list[tuple[int, str]]:
    """Return the number and reference of the candidates that have the sums of the rows above.

    At least two rows, all that are no candidates or those since the last candidate, are added up
    in every amount that the row has. In a ledger a sum may be a movement, so nothing is found.
    """
    layout = columns.layout
    amounts = [c.name for c in layout.fields if c.kind is Kind.AMOUNT and c.name in columns.titles]
    of_candidates = f"FROM {layout.contents} WHERE {is_candidate}"
    if layout.is_signed or not amounts or not staging.one(f"SELECT count(*) {of_candidates}"):
        return []
    # A candidate adds nothing itself, so a plain running sum is that of the rows above it; DuckDB
    # takes 50 times as long for a frame that ends one row earlier.
    above = ", ".join(
        f"coalesce(sum(CASE WHEN is_candidate THEN NULL ELSE {name} END) OVER above, 0) "
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
    found: list[tuple[int, str]] = staging.run(
        f"""
        WITH summed AS (
            SELECT *, {above},
                count(CASE WHEN is_candidate THEN NULL ELSE 1 END) OVER above AS rows_above
            FROM (SELECT *, {is_candidate} AS is_candidate FROM {layout.contents})
            WINDOW above AS (ORDER BY row ROWS UNBOUNDED PRECEDING)
        ), candidates AS (SELECT *, {earlier} FROM summed WHERE is_candidate)
        SELECT row, {layout.key} FROM candidates
        WHERE {" AND ".join(["rows_above > 1", f"({has_amount})", adds_up, *conditions])}
        ORDER BY row
        """
    ).fetchall()
    return found
