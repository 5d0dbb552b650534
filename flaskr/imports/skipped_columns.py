"""Columns that a layout has and an import does not load all the same, and why."""

from collections.abc import Mapping

from flaskr.facts.claims import CLAIM_COLUMNS
from flaskr.facts.columns import names_of
from flaskr.facts.kinds import Kind
from flaskr.facts.lists import Contents
from flaskr.imports.layouts import LAYOUTS

OF_MIGRATION = {"recorded_at": "loaded only in a migration"}
OF_LEDGER = dict.fromkeys(
    names_of(CLAIM_COLUMNS, Kind.AMOUNT), "taken from the ledger in a migration"
)
# What a layout has and an import does not load, by whether it is a migration; and why.
SKIPPED_COLUMNS: Mapping[tuple[bool, Contents], Mapping[str, str]] = {
    (False, Contents.CLAIMS): OF_MIGRATION,
    (False, Contents.POLICIES): OF_MIGRATION,
    (False, Contents.LEDGER): {},
    (True, Contents.CLAIMS): OF_LEDGER,
    (True, Contents.POLICIES): {},
    (True, Contents.LEDGER): {},
}


def loadable(contents: Contents, is_migration: bool) -> tuple[str, ...]:
    """Return the columns that an import loads of a file."""
    passed_over = SKIPPED_COLUMNS[is_migration, contents]
    return tuple(name for name in LAYOUTS[contents].names if name not in passed_over)
