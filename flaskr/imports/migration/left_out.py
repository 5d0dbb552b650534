"""Leaves claims with a refused row out of a migration, whole: never a part of a ledger."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Mapping

from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.row_outcomes import LISTED_NAMES, warnings_naming
from flaskr.imports.dry_run.staging import Staging

_OF_CLAIMS = (Contents.CLAIMS, Contents.LEDGER)
_CREATE = """CREATE TABLE refused_claims AS
SELECT claim_key, arg_min(claim_reference, [file, row]) AS claim_reference,
    min([file, row]) AS place
FROM ({rows}) GROUP BY claim_key"""
_REFUSED_ROWS = """SELECT t.claim_key, t.claim_reference, f.file, f.row FROM {table} t
JOIN faults f ON f.row = t.row AND f.file = {at} WHERE t.claim_key IS NOT NULL"""
_NOTE_LEFT_OUT = """INSERT INTO left_out
SELECT {at}, row, 'Claim ' || c.claim_reference || ' has a refused row, and is left out whole.'
FROM {table} JOIN refused_claims c USING (claim_key)
WHERE row NOT IN (SELECT row FROM faults WHERE file = {at})"""
_OF_NO_CLAIM = """SELECT count(*) FROM faults f LEFT JOIN ledger l ON l.row = f.row
WHERE f.file = $file AND l.claim_key IS NULL"""


def leave_out_claims(staging: Staging, positions: Mapping[Contents, int]) -> int:
    """Remove every claim with a refused row from what is planned; return how many there are.

    The other rows of such a claim are added to the table `left_out`.
    """
    tables = {table: positions[table] for table in _OF_CLAIMS if table in positions}
    rows = " UNION ALL ".join(
        _REFUSED_ROWS.format(table=table, at=at) for table, at in tables.items()
    )
    if not rows:
        return 0
    staging.run(_CREATE.format(rows=rows))
    for table, at in tables.items():
        staging.run(_NOTE_LEFT_OUT.format(table=table, at=at))
    for planned in ("new_claims", "planned"):
        staging.run(
            f"DELETE FROM {planned} WHERE claim_key IN (SELECT claim_key FROM refused_claims)"
        )
    return int(staging.one("SELECT count(*) FROM refused_claims"))


def refused_claims_warning(staging: Staging, count: int) -> list[str]:
    """Return a warning with the first of the refused claims, as a list."""
    if not count:
        return []
    first = f"SELECT claim_reference FROM refused_claims ORDER BY place LIMIT {LISTED_NAMES}"
    names = [name for (name,) in staging.run(first).fetchall()]
    return warnings_naming("These claims are refused", names, count)


def has_rows_of_no_claim(staging: Staging, positions: Mapping[Contents, int]) -> bool:
    """Whether a refused row of the ledger names no claim: part of some ledger would be missing."""
    at = positions.get(Contents.LEDGER)
    return at is not None and bool(staging.one(_OF_NO_CLAIM, file=at))
