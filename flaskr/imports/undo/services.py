"""Undoing an import with adjusting entries; nothing of it is deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, literal, select, tuple_, update

from flaskr.audit import services as trail
from flaskr.audit.models import Action, Subject
from flaskr.book.instants import next_instant
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.database import lock_imports, lock_ledger
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.import_records.models import Import, ImportKind
from flaskr.import_records.queries import undo_of
from flaskr.imports.history.queries import import_numbered
from flaskr.imports.undo.queries import (
    amounts_by_claim,
    claims_edited_since,
    claims_posted_to_since,
    entries_of_import,
    free_text_changes,
    has_amounts,
    moved_claim_count,
    policies_edited_since,
)
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision
from flaskr.values.calendar import local_day

_LISTED_NAMES = 10
_ZERO_ROWS = {"changed": 0, "unchanged": 0, "refused": 0, "created": 0}


class UndoRefused(ClaimBookError):
    """An import that cannot be undone."""

    status = 409


@dataclass(frozen=True)
class UndoPreview:
    """What an undo would do; `problem` says why it is not possible, empty when it is."""

    claims: int
    edits: int
    free_texts: int
    problem: str


def undo_preview(record: Import) -> UndoPreview:
    """Return what an undo would do, without doing it."""
    edits = sum(
        db.session.scalar(select(func.count()).where(revision.import_id == record.id)) or 0
        for revision in (ClaimRevision, PolicyRevision)
    )
    free_texts = db.session.scalar(free_text_changes(record)) or 0
    return UndoPreview(moved_claim_count(record), edits, free_texts, _problem_of(record))


def _problem_of(record: Import) -> str:
    """Return why an import cannot be undone; empty when it can."""
    if record.kind is ImportKind.UNDO:
        return "This import is itself an undo. Import the file again instead."
    if undo := undo_of(record):
        return f"It was already undone, by import {undo.id}."
    later: tuple[tuple[str, Select[Any]], ...] = (
        ("These claims have later ledger entries", claims_posted_to_since(record)),
        ("These claims were edited later", claims_edited_since(record)),
        ("These policies were edited later", policies_edited_since(record)),
    )
    for text, names in later:
        listed = list(db.session.scalars(names.limit(_LISTED_NAMES + 1)))
        if listed:
            more = " and more" if len(listed) > _LISTED_NAMES else ""
            return (
                f"{text}: {', '.join(listed[:_LISTED_NAMES])}{more}. "
                "Correct what the import did with new entries and edits instead."
            )
    return ""


def undo_import(number: int, *, actor: str) -> Import:
    """Undo an import: its amounts by adjusting entries, its edits by further edits.

    Rows that it created stay, with zero amounts. Raises UndoRefused when anything that it touched
    was changed later.
    """
    lock_imports()
    record = import_numbered(number)
    ids = select(Claim.id).where(
        Claim.id.in_(select(LedgerEntry.claim_id).where(entries_of_import(record)))
        | Claim.id.in_(select(ClaimRevision.claim_id).where(ClaimRevision.import_id == record.id))
    )
    db.session.execute(ids.order_by(Claim.id).with_for_update())
    edited = select(PolicyRevision.policy_id).where(PolicyRevision.import_id == record.id)
    policies = select(Policy.id).where(Policy.id.in_(edited)).order_by(Policy.id)
    db.session.execute(policies.with_for_update())
    lock_ledger()
    if problem := _problem_of(record):
        raise UndoRefused(problem)
    undo = _record_undo(record, next_instant(), actor)
    _reverse_entries(record, undo)
    _restore_facts(record, undo, Claim, ClaimRevision, "claim_id", CLAIM_FACTS)
    _restore_facts(record, undo, Policy, PolicyRevision, "policy_id", POLICY_FACTS)
    db.session.expire_all()  # rows were changed past the session
    return undo


def _record_undo(record: Import, now: datetime, actor: str) -> Import:
    """Write the record of an undo, with the opposite amounts."""
    claims = moved_claim_count(record)
    undo = Import(
        kind=ImportKind.UNDO,
        recorded_at=now,
        recorded_by=actor,
        **{**_ZERO_ROWS, "changed": claims},
        entries=claims,
        first_entry=_next_entry() if claims else None,
        **{name: -getattr(record, name) for name in BALANCES},
        undoes=record.id,
    )
    db.session.add(undo)
    db.session.flush()
    after = {name: getattr(undo, name) for name in ("entries", *BALANCES)}
    after["undone_by_import"] = undo.id
    trail.record(Action.IMPORT_UNDONE, Subject.IMPORT, str(record.id), actor=actor, after=after)
    return undo


def _next_entry() -> int:
    """Return the id that the next ledger entry gets; the ledger is locked."""
    from flaskr.archive.bulk.loading import next_id

    return next_id(_driver_connection(), LedgerEntry.__tablename__)


def _move_entries(last_id: int) -> None:
    """Make further entries get ids after the last one."""
    from flaskr.archive.bulk.loading import move_sequence

    move_sequence(_driver_connection(), LedgerEntry.__tablename__, last_id)


def _driver_connection() -> Any:
    """Return the driver's own connection, in the session's transaction."""
    return db.session.connection().connection.driver_connection


def _reverse_entries(record: Import, undo: Import) -> None:
    """Post one adjusting entry on each claim that the import moved, and update the claims.

    Each reverses the import's sums on its claim, and refers to the last of its entries there.
    """
    if not undo.entries:
        return
    moved = amounts_by_claim(record).subquery()
    last = LedgerEntry
    position = func.row_number().over(order_by=moved.c.claim_id)
    columns: dict[str, Any] = {
        "id": position + ((undo.first_entry or 0) - 1),
        "claim_id": moved.c.claim_id,
        "entry_type": literal(EntryType.ADJUSTMENT.value),
        "transaction_date": literal(local_day(undo.recorded_at)),
        "recorded_at": literal(undo.recorded_at, Import.recorded_at.type),
        "recorded_by": literal(undo.recorded_by),
        **{name: -moved.c[name] for name in BALANCES},
        **{f"{name}_after": getattr(last, f"{name}_after") - moved.c[name] for name in BALANCES},
        "status_after": last.status_after,
        "closed_date_after": last.closed_date_after,
        "reason_code": literal(ReasonCode.IMPORT_UNDONE.value),
        "reverses": moved.c.last_id,
        "import_id": literal(undo.id),
    }
    rows = (
        select(*columns.values())
        .join_from(moved, last, last.id == moved.c.last_id)
        .where(has_amounts(moved))
        .order_by(moved.c.claim_id)
    )
    db.session.execute(insert(LedgerEntry).from_select(list(columns), rows))
    _move_entries((undo.first_entry or 0) + undo.entries - 1)
    _update_claims(undo)


def _update_claims(undo: Import) -> None:
    """Set the claims that an undo moved to the balances after its entry."""
    state = {name: getattr(LedgerEntry, f"{name}_after") for name in BALANCES}
    state |= {
        "last_transaction_date": LedgerEntry.transaction_date,
        "last_recorded_at": LedgerEntry.recorded_at,
    }
    of_undo = entries_of_import(undo)
    values = select(*state.values()).where(LedgerEntry.claim_id == Claim.id, of_undo)
    changed = Claim.id.in_(select(LedgerEntry.claim_id).where(of_undo))
    target = tuple_(*(getattr(Claim, name) for name in state))
    db.session.execute(
        update(Claim).where(changed).values({target: values.scalar_subquery()}),
        execution_options={"synchronize_session": False},
    )


def _restore_facts(
    record: Import, undo: Import, model: Any, revisions: Any, key: str, facts: tuple[str, ...]
) -> None:
    """Restore the facts that the import edited, and keep the import's facts as revisions.

    Names and free text are not versioned: they stay as the import left them.
    """
    changed_text = "description_changed" if model is Claim else "policyholder_changed"
    columns: dict[str, Any] = {
        key: model.id,
        "replaced_at": literal(undo.recorded_at, Import.recorded_at.type),
        "replaced_by": literal(undo.recorded_by),
        changed_text: literal(False),
        "import_id": literal(undo.id),
        **{name: getattr(model, name) for name in facts},
    }
    edited = (
        select(*columns.values())
        .join(revisions, getattr(revisions, key) == model.id)
        .where(revisions.import_id == record.id)
        .order_by(model.id)
    )
    db.session.execute(insert(revisions).from_select(list(columns), edited))
    before = select(*(getattr(revisions, name) for name in facts), model.version + 1).where(
        getattr(revisions, key) == model.id, revisions.import_id == record.id
    )
    target = tuple_(*(getattr(model, name) for name in facts), model.version)
    of_import = select(getattr(revisions, key)).where(revisions.import_id == record.id)
    db.session.execute(
        update(model).where(model.id.in_(of_import)).values({target: before.scalar_subquery()}),
        execution_options={"synchronize_session": False},
    )
