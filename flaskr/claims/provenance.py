"""Which import rows are from, and what came into the book later than it happened."""

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, union

from flaskr.claims.as_at_queries import is_entry_included
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import Coverage
from flaskr.import_records.models import Import, ImportKind
from flaskr.values.as_at import Basis
from flaskr.values.calendar import day_end, local_day
from flaskr.web.paging import COUNTED_ROWS


def is_entry_of_import(number: int) -> ColumnElement[bool]:
    """Return the condition that an import posted a ledger entry: its entries have ids in a row."""
    record = select(Import.first_entry).where(Import.id == number)
    first = record.scalar_subquery()
    end = record.with_only_columns(Import.first_entry + Import.entries).scalar_subquery()
    return (LedgerEntry.id >= first) & (LedgerEntry.id < end)


def claims_of_import(number: int) -> Any:
    """Select the ids of the claims that an import created, posted to or edited."""
    return union(
        select(Claim.id).where(Claim.import_id == number),
        select(LedgerEntry.claim_id).where(is_entry_of_import(number)),
        select(ClaimRevision.claim_id).where(ClaimRevision.import_id == number),
    )


class MigratedEntries(NamedTuple):
    """How many entries of a cut came by one migration; `is_more` if only so many were counted."""

    import_id: int
    recorded_at: datetime
    entries: int
    is_more: bool


def migrated_entries(day: date) -> list[MigratedEntries]:
    """Return the migrations with entries that were known at the end of `day`, as known now.

    A migration before the end of the day is wholly in the cut; of a later one at most 10,000
    entries are counted.
    """
    migrations = select(Import).where(Import.kind == ImportKind.MIGRATION, Import.entries > 0)
    found = [_in_cut(record, day) for record in db.session.scalars(migrations.order_by(Import.id))]
    return [each for each in found if each.entries]


def _in_cut(record: Import, day: date) -> MigratedEntries:
    """Return how many entries of a migration were known at the end of `day`."""
    if record.recorded_at < day_end(day):
        return MigratedEntries(record.id, record.recorded_at, record.entries, False)
    first = record.first_entry or 0
    known = (
        select(LedgerEntry.id)
        .where(
            LedgerEntry.id.between(first, first + record.entries - 1),
            is_entry_included(day, Basis.KNOWN),
        )
        .limit(COUNTED_ROWS + 1)
    )
    count = db.session.scalar(select(func.count()).select_from(known.subquery())) or 0
    is_more = count > COUNTED_ROWS
    return MigratedEntries(record.id, record.recorded_at, count - is_more, is_more)


def late_cover(claim: Claim) -> str:
    """Return a sentence that the policy was recorded after the loss that it covers, or nothing."""
    policy, loss_date = claim.policy, claim.loss_date
    if policy is None or loss_date is None or claim.coverage is not Coverage.IN_FORCE:
        return ""
    recorded = local_day(policy.recorded_at)
    if recorded <= loss_date:
        return ""
    return f"The policy was recorded on {recorded}, after the loss on {loss_date}."


def why_claim_counts_later(claim: Claim, basis: Basis) -> str:
    """Return a sentence that says from which day a claim counts."""
    reported, first = claim.reported_date, claim.first_transaction_date
    if basis is Basis.KNOWN or (reported is None and first is None):
        return f"It was recorded on {local_day(claim.recorded_at)}."
    if reported is None or (first is not None and first < reported):
        return f"It counts from {first}, the day of its first entry."
    return f"It counts from {reported}, the day it was reported."
