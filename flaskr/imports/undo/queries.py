"""Queries of an undo: what an import posted and edited, and what was changed after it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, union
from sqlalchemy.orm import aliased

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.rules import OPEN_STATUSES
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType
from flaskr.import_records.models import Import
from flaskr.import_records.queries import imports_in_effect
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.money import ZERO

_Revisions = type[ClaimRevision] | type[PolicyRevision]


def entries_of_import(record: Import) -> Any:
    """Return the condition that a ledger entry is from an import: its entries have ids in a row."""
    first = record.first_entry or 0
    return LedgerEntry.id.between(first, first + record.entries - 1)


def amounts_by_type(record: Import) -> Select[Any]:
    """Select (claim_id, cost_type, last_id, paid, outstanding, recovered): an import's sums."""
    sums = (func.sum(getattr(LedgerEntry, name)).label(name) for name in BALANCES)
    last = func.max(LedgerEntry.id).label("last_id")
    return (
        select(LedgerEntry.claim_id, LedgerEntry.cost_type, last, *sums)
        .where(entries_of_import(record))
        .group_by(LedgerEntry.claim_id, LedgerEntry.cost_type)
    )


def claims_left_below_zero(record: Import) -> Select[str]:
    """Select the references of claims of which a cost type was below zero before an import.

    Only a migration leaves one so; what an import has brought up to zero is not taken back.
    """
    earlier = aliased(LedgerEntry)
    moved = amounts_by_type(record).subquery()
    sums = [func.sum(getattr(earlier, name)) for name in BALANCES]
    below = (
        select(moved.c.claim_id)
        .join(
            earlier,
            and_(
                earlier.claim_id == moved.c.claim_id,
                earlier.cost_type == moved.c.cost_type,
                earlier.id < (record.first_entry or 0),
            ),
        )
        .where(has_amounts(moved))
        .group_by(moved.c.claim_id, moved.c.cost_type)
        .having(or_(*(each < ZERO for each in sums)))
    )
    return select(Claim.claim_reference).where(Claim.id.in_(below)).order_by(Claim.id)


def claims_posted_to_since(record: Import) -> Select[str]:
    """Select the references of claims with ledger entries after those of an import."""
    later = aliased(LedgerEntry)
    end = (record.first_entry or 0) + record.entries
    has_later = exists().where(later.claim_id == LedgerEntry.claim_id, later.id >= end)
    return (
        select(Claim.claim_reference)
        .join(LedgerEntry, LedgerEntry.claim_id == Claim.id)
        .where(entries_of_import(record), has_later)
        .group_by(Claim.id, Claim.claim_reference)
        .order_by(Claim.id)
    )


def claims_edited_since(record: Import) -> Select[str]:
    """Select the references of claims that were edited again after an import edited them."""
    return _edited_since(record, ClaimRevision, Claim, "claim_id", Claim.claim_reference)


def policies_edited_since(record: Import) -> Select[str]:
    """Select the numbers of policies that were edited again after an import edited them."""
    return _edited_since(record, PolicyRevision, Policy, "policy_id", Policy.policy_number)


def _edited_since(
    record: Import, revisions: _Revisions, model: Any, key: str, name: Any
) -> Select[str]:
    """Select the names of rows that have a revision after that of an import."""
    later = aliased(revisions)
    has_later = exists().where(
        getattr(later, key) == getattr(revisions, key), later.id > revisions.id
    )
    return (
        select(name)
        .join(revisions, getattr(revisions, key) == model.id)
        .where(revisions.import_id == record.id, has_later)
        .order_by(model.id)
    )


def free_text_changes(record: Import) -> Select[int]:
    """Select how many names and descriptions an import changed; earlier ones are not stored."""
    claims = select(func.count()).where(
        ClaimRevision.import_id == record.id, ClaimRevision.description_changed
    )
    policies = select(func.count()).where(
        PolicyRevision.import_id == record.id, PolicyRevision.policyholder_changed
    )
    return select(claims.scalar_subquery() + policies.scalar_subquery())


def has_amounts(moved: Any) -> Any:
    """Return the condition that the sums of an import on a claim's cost type are not all zero."""
    return or_(*(moved.c[name] != ZERO for name in BALANCES))


def claims_created_or_moved(record: Import) -> Any:
    """Select the ids of the claims that an import created or moved."""
    created = select(Claim.id).where(Claim.import_id == record.id)
    return union(created, select(LedgerEntry.claim_id).where(entries_of_import(record)))


def claims_left_empty(record: Import) -> Any:
    """Select the ids of open claims that nothing speaks for once an import is undone.

    They were created by it, or by one that is undone already, and all of their entries are of such
    imports and of undos: so they add up to zero. What a person posted to is not among them.
    """
    others = imports_in_effect().where(Import.id != record.id).with_only_columns(Import.id)
    in_effect = exists().where(
        LedgerEntry.claim_id == Claim.id,
        or_(LedgerEntry.import_id.is_(None), LedgerEntry.import_id.in_(others)),
    )
    return select(Claim.id).where(
        Claim.id.in_(claims_created_or_moved(record)),
        Claim.import_id.is_not(None),
        Claim.import_id.not_in(others),
        Claim.status.in_(OPEN_STATUSES),
        ~in_effect,
    )


@dataclass(frozen=True)
class UndoSize:
    """How many claims an undo adjusts, declines, or does either to, and its adjusting entries."""

    claims: int
    adjusted: int
    adjustments: int
    declined: int

    @property
    def entries(self) -> int:
        """How many entries it posts."""
        return self.adjustments + self.declined


def undo_size(record: Import) -> UndoSize:
    """Return how many claims and entries an undo has."""
    moved = amounts_by_type(record).subquery()
    adjustments = select(moved.c.claim_id).where(has_amounts(moved))
    declined = claims_left_empty(record)
    claims = union(adjustments, declined)
    sizes = (_size_of(rows) for rows in (claims, adjustments.distinct(), adjustments, declined))
    return UndoSize(*db.session.execute(select(*sizes)).one())


def declined_by(undo: Import) -> int:
    """Return how many claims an undo has declined."""
    is_declined = LedgerEntry.entry_type == EntryType.CLAIM_DECLINED
    declined = select(func.count()).where(entries_of_import(undo), is_declined)
    return db.session.scalar(declined) or 0


def policies_created_by(record: Import) -> int:
    """Return how many policies an import created."""
    created = select(func.count()).where(Policy.import_id == record.id)
    return db.session.scalar(created) or 0


def _size_of(rows: Any) -> Any:
    """Return the SQL of how many rows a select has."""
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()
