"""What an import brought that an undo takes back, and what was built on it since."""

from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from flaskr.claims.ledger.rules import BALANCES
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.money import ZERO

Revisions = type[ClaimRevision] | type[PolicyRevision]


def entries_of_import(record: Import) -> Any:
    """Return the condition that a ledger entry is one of an import's: they follow each other."""
    first = record.first_entry or 0
    return LedgerEntry.id.between(first, first + record.entries - 1)


def moved_claims(record: Import) -> Select[Any]:
    """Select (claim_id, last_id, paid, outstanding, recovered): what an import moved by claim."""
    sums = (func.sum(getattr(LedgerEntry, name)).label(name) for name in BALANCES)
    last = func.max(LedgerEntry.id).label("last_id")
    return (
        select(LedgerEntry.claim_id, last, *sums)
        .where(entries_of_import(record))
        .group_by(LedgerEntry.claim_id)
    )


def moved_since(record: Import) -> Select[str]:
    """Select the references of claims whose ledger went on after an import's entries."""
    later = aliased(LedgerEntry)
    end = (record.first_entry or 0) + record.entries
    went_on = exists().where(later.claim_id == LedgerEntry.claim_id, later.id >= end)
    return (
        select(Claim.claim_reference)
        .join(LedgerEntry, LedgerEntry.claim_id == Claim.id)
        .where(entries_of_import(record), went_on)
        .group_by(Claim.id, Claim.claim_reference)
        .order_by(Claim.id)
    )


def claims_edited_since(record: Import) -> Select[str]:
    """Select the references of claims that an import edited and somebody after it."""
    return _edited_since(record, ClaimRevision, Claim, "claim_id", Claim.claim_reference)


def policies_edited_since(record: Import) -> Select[str]:
    """Select the numbers of policies that an import edited and somebody after it."""
    return _edited_since(record, PolicyRevision, Policy, "policy_id", Policy.policy_number)


def _edited_since(
    record: Import, revisions: Revisions, of: Any, key: str, name: Any
) -> Select[str]:
    """Select the names of what has a revision after that of an import."""
    later = aliased(revisions)
    went_on = exists().where(
        getattr(later, key) == getattr(revisions, key), later.id > revisions.id
    )
    return (
        select(name)
        .join(revisions, getattr(revisions, key) == of.id)
        .where(revisions.import_id == record.id, went_on)
        .order_by(of.id)
    )


def free_text_changes(record: Import) -> Select[int]:
    """Select how many names and descriptions an import changed: what they were is not kept."""
    claims = select(func.count()).where(
        ClaimRevision.import_id == record.id, ClaimRevision.description_changed
    )
    policies = select(func.count()).where(
        PolicyRevision.import_id == record.id, PolicyRevision.policyholder_changed
    )
    return select(claims.scalar_subquery() + policies.scalar_subquery())


def is_moving(moved: Any) -> Any:
    """Return the condition that an import moved anything on a claim in the end."""
    return or_(*(moved.c[name] != ZERO for name in BALANCES))


def count_of_moved(record: Import) -> int:
    """Return on how many claims an import moved anything in the end."""
    moved = moved_claims(record).subquery()
    counted = select(func.count()).select_from(moved).where(is_moving(moved))
    return db.session.scalar(counted) or 0
