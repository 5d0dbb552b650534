"""The lists of imports and of their ledger entries."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from flaskr.claims.history.edit_queries import claim_edit_rows, policy_edit_rows
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.claims.provenance import claims_of_import
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile
from flaskr.imports.undo.queries import entries_of_import
from flaskr.policies.filters import policies_of_import
from flaskr.policies.models import PolicyRevision
from flaskr.web.ordering import SortOrder
from flaskr.web.paging import Listing, NumberedListing

_IN_ORDER = SortOrder(is_descending=False)
_HIGHEST_NUMBER = 2**31 - 1  # the largest value of an INTEGER column
_LISTED_COLUMNS = (
    *("kind", "recorded_at", "recorded_by", "created", "changed", "unchanged", "refused"),
    *("entries", *BALANCES, "undoes"),
)


class _NoSuchImport(ClaimBookError):
    """An import that does not exist."""

    status = 404


def import_numbered(number: int) -> Import:
    """Return an import by its number; raises _NoSuchImport."""
    record = db.session.get(Import, number) if number <= _HIGHEST_NUMBER else None
    if record is None:
        raise _NoSuchImport(f"There is no import {number}.")
    return record


def import_listing() -> Listing:
    """Return every import, newest first; the last column is the import that undid it, if any."""
    undo = aliased(Import)
    undone_by = select(undo.id).where(undo.undoes == Import.id).scalar_subquery()
    rows: Select[Any] = select(
        Import.id.label("number"),
        *(getattr(Import, name) for name in _LISTED_COLUMNS),
        undone_by.label("undone_by"),
    )
    return NumberedListing(select(Import.id), rows, Import, "number")


def files_of(numbers: Sequence[int]) -> dict[int, list[ImportFile]]:
    """Return the files of some imports, by the number of the import."""
    files: dict[int, list[ImportFile]] = {number: [] for number in numbers}
    wanted = select(ImportFile).where(ImportFile.import_id.in_(numbers)).order_by(ImportFile.id)
    for file in db.session.scalars(wanted):
        files[file.import_id].append(file)
    return files


def kinds_of_rows(number: int) -> list[str]:
    """Return of which kinds an import has rows in lists: claims, policies, both or none."""
    rows = {"claims": claims_of_import(number), "policies": policies_of_import(number)}
    found = db.session.execute(select(*(exists(each.subquery()) for each in rows.values()))).one()
    return [name for name, has_rows in zip(rows, found, strict=True) if has_rows]


def entry_listing(record: Import) -> Listing:
    """Return the ledger entries of an import in their order."""
    selected = select(LedgerEntry.id).where(entries_of_import(record))
    columns: list[Any] = [
        LedgerEntry.id.label("entry_id"),
        Claim.claim_reference,
        LedgerEntry.import_row,
        LedgerEntry.entry_type,
        LedgerEntry.transaction_date,
        *(getattr(LedgerEntry, name) for name in BALANCES),
    ]
    rows = select(*columns).join(Claim, Claim.id == LedgerEntry.claim_id)
    return NumberedListing(selected, rows, LedgerEntry, "entry_id", _IN_ORDER)


def _claim_edits_of(record: Import) -> Listing:
    """Return the edits of claims by an import in their order."""
    selected = select(ClaimRevision.id).where(ClaimRevision.import_id == record.id)
    return NumberedListing(selected, claim_edit_rows(), ClaimRevision, "number", _IN_ORDER)


def _policy_edits_of(record: Import) -> Listing:
    """Return the edits of policies by an import in their order."""
    selected = select(PolicyRevision.id).where(PolicyRevision.import_id == record.id)
    return NumberedListing(selected, policy_edit_rows(), PolicyRevision, "number", _IN_ORDER)


# By what they are of, as in addresses.
EDIT_LISTINGS: dict[str, Callable[[Import], Listing]] = {
    "policies": _policy_edits_of,
    "claims": _claim_edits_of,
}
