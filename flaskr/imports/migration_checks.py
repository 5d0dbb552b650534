"""The three files of a migration, read together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flaskr.imports import checks
from flaskr.imports.checks import ClaimRow, EntryRow, PolicyRow
from flaskr.imports.layouts import CLAIMS, LEDGER, MIGRATION, POLICIES, Layout, laid_out, recognise
from flaskr.imports.readers import RawTable
from flaskr.imports.refusals import ImportRefused, Refusal


@dataclass
class Migration:
    """What an older system brings; any of the three files may be left out."""

    policies: list[PolicyRow] = field(default_factory=list)
    claims: list[ClaimRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)


READ: dict[str, tuple[Callable[..., Any], str]] = {
    POLICIES.name: (checks.policy_row, "policy_number"),
    CLAIMS.name: (checks.claim_row, "claim_reference"),
    LEDGER.name: (checks.entry_row, "entry_number"),
}


def read_migration(raws: Sequence[RawTable]) -> Migration:
    """Return the rows of the files, told apart by their columns and taken in any order.

    Raises ImportRefused with every row that cannot be read.
    """
    typed: dict[str, list[Any]] = {}
    refusals: list[Refusal] = []
    for raw in raws:
        layout = recognise(raw, MIGRATION)
        if layout.name in typed:
            raise ImportRefused(
                Refusal(f"Another file holds the {layout.name}. Join them.", raw.file)
            )
        typed[layout.name], refused = read_rows(raw, layout)
        refusals.extend(refused)
    checks.raise_any(refusals)
    return Migration(*(typed.get(layout.name, []) for layout in MIGRATION))


def read_rows(raw: RawTable, layout: Layout) -> tuple[list[Any], list[Refusal]]:
    """Return the typed rows of one file, and what is refused of it."""
    read, unique = READ[layout.name]
    try:
        return checks.checked(laid_out(raw, layout), read, unique)
    except ImportRefused as error:
        return [], list(error.refusals)
