"""The rules of the whole book: selects that find nothing in a consistent one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, not_, or_, select

from flaskr.book.models import Book, Closing, LiveDeclaration
from flaskr.claims.check.entries import (
    is_excused,
    wrong_booked_entries,
    wrong_entries,
    wrong_reversals,
)
from flaskr.claims.check.stored_state import wrong_claims
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.facts.closed_lists import EntryException
from flaskr.import_records.models import Import
from flaskr.policies.models import Policy, PolicyRevision

_SOURCED = (Policy, PolicyRevision, Claim, ClaimRevision, LedgerEntry)


def book_rules() -> dict[str, Select[Any]]:
    """Return the selects by the sentence about what they find; each has an id as its last column.

    Where a claim can be named, `claim_reference` is the first.
    """
    return {
        "a ledger entry does not follow from the entries before it": wrong_entries(),
        "a ledger entry does not follow from the entries of earlier days": wrong_booked_entries(),
        "a ledger entry is not the opposite of the entry it reverses": wrong_reversals(),
        "what a claim stores differs from its ledger": wrong_claims(),
        "the claims do not add up to the ledger": _wrong_sums(),
        "a ledger entry is older than its claim or the report of the loss": _early_entries(),
        "a ledger entry names an unknown rule": _unknown_exceptions(),
        "a revision of a claim is out of order": _wrong_revisions(ClaimRevision, Claim),
        "a revision of a policy is out of order": _wrong_revisions(PolicyRevision, Policy),
        "a claim does not have the version that its revisions lead to": _wrong_versions(
            Claim, ClaimRevision.claim_id
        ),
        "a policy does not have the version that its revisions lead to": _wrong_versions(
            Policy, PolicyRevision.policy_id
        ),
        "a closed period is out of order": _wrong_closings(),
        "an entry of a closed period was recorded after it was closed": _late_entries(),
        "an entry was migrated after the book was declared live": _late_migrated_entries(),
        "the first posting is not that of an entry": _unknown_first_posting(),
        "a row names an import that does not exist": _unknown_imports(),
    }


def _wrong_sums() -> Select[Any]:
    """Select the book if the sums over its claims are not the sums over its ledger."""

    def sums(model: Any) -> Iterable[Any]:
        return (
            select(func.coalesce(func.sum(getattr(model, name)), 0)).scalar_subquery()
            for name in BALANCES
        )

    pairs = zip(sums(Claim), sums(LedgerEntry), strict=True)
    return select(Book.id).where(or_(*(of_claims != of_ledger for of_claims, of_ledger in pairs)))


def _unknown_exceptions() -> Select[Any]:
    """Select the ids of entries whose exceptions are other than the known names."""
    left: Any = literal(" ") + func.replace(LedgerEntry.exceptions, " ", "  ") + literal(" ")
    for name in EntryException:
        left = func.replace(left, f" {name} ", "")
    unknown = and_(LedgerEntry.exceptions.is_not(None), func.trim(left) != "")
    return select(LedgerEntry.id).where(unknown)


def _wrong_versions(owner: Any, owner_id: Any) -> Select[Any]:
    """Select the ids of claims or policies whose version is not one more than their revisions."""
    counts = select(owner_id.label("owner_id"), func.count().label("edits"))
    edits = counts.group_by(owner_id).subquery()
    joined = select(owner.id).outerjoin(edits, edits.c.owner_id == owner.id)
    return joined.where(owner.version != func.coalesce(edits.c.edits, 0) + 1)


def _early_entries() -> Select[Any]:
    """Select the ids of entries recorded before their claim, or dated before its report.

    A migrated entry may be dated before the report; then its exceptions say so.
    """
    reported = func.coalesce(Claim.reported_date, Claim.loss_date)
    is_early = or_(
        LedgerEntry.recorded_at < Claim.recorded_at,
        and_(
            LedgerEntry.transaction_date < reported,
            not_(is_excused(LedgerEntry, EntryException.BEFORE_REPORT)),
        ),
    )
    return select(LedgerEntry.id).join(Claim, LedgerEntry.claim_id == Claim.id).where(is_early)


def _wrong_revisions(revision: Any, owner: Any) -> Select[Any]:
    """Select the ids of revisions older than the one before them, or than their owner."""
    owner_id = revision.__table__.c[f"{owner.__name__.lower()}_id"]
    before = func.lag(revision.replaced_at).over(partition_by=owner_id, order_by=revision.id)
    revisions = select(
        revision.id, revision.replaced_at, owner_id.label("owner_id"), before.label("before")
    ).subquery()
    is_wrong = or_(
        revisions.c.replaced_at < revisions.c.before, revisions.c.replaced_at < owner.recorded_at
    )
    return select(revisions.c.id).join(owner, owner.id == revisions.c.owner_id).where(is_wrong)


def _wrong_closings() -> Select[Any]:
    """Select the ids of closings that do not go forward, or that no declaration precedes."""
    columns = {
        f"{column.name}_before": func.lag(column).over(order_by=Closing.id)
        for column in (Closing.closed_through, Closing.recorded_at)
    }
    labelled = (column.label(name) for name, column in columns.items())
    rows = select(Closing.id, Closing.closed_through, Closing.recorded_at, *labelled).subquery().c
    declared = exists().where(LiveDeclaration.recorded_at <= rows.recorded_at)
    return select(rows.id).where(
        or_(
            rows.closed_through <= rows.closed_through_before,
            rows.recorded_at < rows.recorded_at_before,
            not_(declared),
        )
    )


def _late_entries() -> Select[Any]:
    """Select the ids of entries dated in a period that was closed when they were recorded."""
    recorded_at = func.coalesce(LedgerEntry.imported_at, LedgerEntry.recorded_at)
    is_closed = exists().where(
        Closing.closed_through >= LedgerEntry.transaction_date, Closing.recorded_at < recorded_at
    )
    return select(LedgerEntry.id).where(is_closed)


def _late_migrated_entries() -> Select[Any]:
    """Select the ids of entries that a migration brought after the book was declared live."""
    return select(LedgerEntry.id).where(
        LedgerEntry.imported_at > select(LiveDeclaration.recorded_at).scalar_subquery()
    )


def _unknown_first_posting() -> Select[Any]:
    """Select the book if the instant of its first posting is not that of an entry it posted."""
    is_posted = exists().where(
        LedgerEntry.imported_at.is_(None), LedgerEntry.recorded_at == Book.first_posted_at
    )
    return select(Book.id).where(Book.first_posted_at.is_not(None), not_(is_posted))


def _unknown_imports() -> Select[Any]:
    """Select the import ids in rows that do not exist; there is no foreign key for them."""
    first, *others = (select(model.import_id) for model in _SOURCED)
    named = first.union(*others).subquery().c
    return select(named.import_id).where(
        named.import_id.is_not(None), named.import_id.not_in(select(Import.id))
    )
