"""Leaves out the names and texts of people who were erased: no file brings them back."""

# ruff: noqa: S608 - statements are built from names that the code declares

from flaskr.claims.models import ENTRY_TEXTS
from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.staging import Staging

_LISTED_ROWS = 10
# The texts of a file's rows, the table of the book that has the mark, and the key.
_TEXTS = {
    Contents.POLICIES: (("policyholder",), "book_policies", "policy_key"),
    Contents.CLAIMS: (("description",), "book_claims", "claim_key"),
    Contents.LEDGER: (ENTRY_TEXTS, "book_claims", "claim_key"),
}


def leave_out_erased(staging: Staging, at: int, contents: Contents) -> None:
    """Empty the texts of the rows of a file whose claim or policy is marked as erased.

    An empty cell changes nothing, so such a row is otherwise imported as it would be with the text.
    """
    texts, table, key = _TEXTS[contents]
    is_erased = f"{key} IN (SELECT {key} FROM {table} WHERE erased_at IS NOT NULL)"
    staging.run("CREATE TABLE IF NOT EXISTS erased_rows (file BIGINT, row BIGINT)")
    staging.run(
        f"INSERT INTO erased_rows SELECT $file, row FROM {contents} "
        f"WHERE concat({', '.join(texts)}) <> '' AND {is_erased}",
        file=at,
    )
    blank = ", ".join(f"{name} = NULL" for name in texts)
    staging.run(f"UPDATE {contents} SET {blank} WHERE {is_erased}")


def erased_notes(staging: Staging, at: int) -> list[str]:
    """Return a note with the rows of a file of which texts were left out, as a list."""
    count = staging.one("SELECT count(*) FROM erased_rows WHERE file = $file", file=at)
    if not count:
        return []
    first = f"SELECT row FROM erased_rows WHERE file = $file ORDER BY row LIMIT {_LISTED_ROWS}"
    listed = ", ".join(str(row) for (row,) in staging.run(first, file=at).fetchall())
    more = f" and {count - _LISTED_ROWS:,} more" if count > _LISTED_ROWS else ""
    rows, verb = ("row", "names") if count == 1 else ("rows", "name")
    return [
        f"{count:,} {rows} {verb} a person who was erased; their names and texts are left out "
        f"({rows} {listed}{more})."
    ]
