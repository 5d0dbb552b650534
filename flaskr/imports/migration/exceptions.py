"""The warnings of migrated entries that are taken as they were, by the rule that they break."""

# ruff: noqa: S608 - statements are built from names that the code declares

from flaskr.facts.labels import EXCEPTION_MEANINGS
from flaskr.imports.dry_run.row_outcomes import LISTED_NAMES, warnings_naming
from flaskr.imports.dry_run.staging import Staging

_EXCEPTIONS = """(SELECT row, claim_key, unnest(string_split(exceptions, ' ')) AS name
FROM planned WHERE exceptions IS NOT NULL)"""
_COUNTS = f"""SELECT name, count(*), count(DISTINCT claim_key) FROM {_EXCEPTIONS} GROUP BY name"""
_FIRST_CLAIMS = f"""SELECT arg_min(l.claim_reference, l.row) FROM {_EXCEPTIONS} JOIN ledger l
USING (row) WHERE name = $name GROUP BY l.claim_key ORDER BY min(l.row) LIMIT {LISTED_NAMES}"""


def exception_warnings(staging: Staging) -> list[str]:
    """Return a warning for each rule that entries break: how many do, and the first claims."""
    rows = staging.run(_COUNTS).fetchall()
    counts = {name: (entries, claims) for name, entries, claims in rows}
    warnings: list[str] = []
    for name, meaning in EXCEPTION_MEANINGS.items():
        if name not in counts:
            continue
        entries, claims = counts[name]
        text = (
            "1 entry is taken as it was"
            if entries == 1
            else f"{entries} entries are taken as they were"
        )
        first = [reference for (reference,) in staging.run(_FIRST_CLAIMS, name=name).fetchall()]
        warnings += warnings_naming(f"{text}, {meaning}", first, claims)
    return warnings
