"""Undoing an import with adjusting entries; nothing of it is deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, literal, select, tuple_, update

from flaskr.audit import services as trail
from flaskr.audit.models import Action, Subject
from flaskr.book.instants import next_instant
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision
from flaskr.database.transactions import lock_imports, lock_ledger
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import REASON_CHOICES, ReasonCode
from flaskr.import_records.models import Import, ImportKind
from flaskr.import_records.queries import undo_of
from flaskr.imports.history.queries import import_numbered
from flaskr.imports.undo.posting import next_entry, post_undo
from flaskr.imports.undo.queries import (
    UndoSize,
    claims_created_or_moved,
    claims_edited_since,
    claims_left_below_zero,
    claims_posted_to_since,
    free_text_changes,
    policies_created_by,
    policies_edited_since,
    undo_size,
)
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision

_LISTED_NAMES = 10
_ZERO_ROWS = {"changed": 0, "unchanged": 0, "refused": 0, "created": 0}


class UndoRefused(ClaimBookError):
    """An import that cannot be undone."""

    status = 409


class _NoReason(UndoRefused):
    """An undo without a reason."""

    status = 422


@dataclass(frozen=True)
class UndoPreview:
    """What an undo would do; `problem` says why it is not possible, empty when it is."""

    size: UndoSize
    policies: int  # that it created
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
    policies = policies_created_by(record)
    return UndoPreview(undo_size(record), policies, edits, free_texts, _problem_of(record))


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
        (
            "An undo would leave a cost type of these claims below zero",
            claims_left_below_zero(record),
        ),
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


def undo_import(number: int, *, reason_code: ReasonCode | None, actor: str) -> Import:
    """Undo an import: its amounts by adjusting entries, its edits by further edits.

    Claims that it created and that are empty then are declined; policies stay. Raises UndoRefused
    without a reason, and when anything that it touched was changed later.
    """
    if reason_code not in REASON_CHOICES:
        raise _NoReason("Choose a reason.")
    lock_imports()
    record = import_numbered(number)
    ids = select(Claim.id).where(
        Claim.id.in_(claims_created_or_moved(record))
        | Claim.id.in_(select(ClaimRevision.claim_id).where(ClaimRevision.import_id == record.id))
    )
    db.session.execute(ids.order_by(Claim.id).with_for_update())
    edited = select(PolicyRevision.policy_id).where(PolicyRevision.import_id == record.id)
    policies = select(Policy.id).where(Policy.id.in_(edited)).order_by(Policy.id)
    db.session.execute(policies.with_for_update())
    lock_ledger()
    if problem := _problem_of(record):
        raise UndoRefused(problem)
    size = undo_size(record)
    undo = _record_undo(record, size, next_instant(), reason_code, actor)
    post_undo(record, undo, size)
    _restore_facts(record, undo, Claim, ClaimRevision, "claim_id", CLAIM_FACTS)
    _restore_facts(record, undo, Policy, PolicyRevision, "policy_id", POLICY_FACTS)
    db.session.expire_all()  # rows were changed past the session
    return undo


def _record_undo(
    record: Import, size: UndoSize, now: datetime, reason_code: ReasonCode | None, actor: str
) -> Import:
    """Write the record of an undo, with the opposite amounts."""
    undo = Import(
        kind=ImportKind.UNDO,
        recorded_at=now,
        recorded_by=actor,
        **{**_ZERO_ROWS, "changed": size.claims},
        entries=size.entries,
        first_entry=next_entry() if size.entries else None,
        **{name: -getattr(record, name) for name in BALANCES},
        undoes=record.id,
        reason_code=reason_code,
    )
    db.session.add(undo)
    db.session.flush()
    after = {name: getattr(undo, name) for name in ("entries", *BALANCES)}
    after |= {"claims_declined": size.declined} if size.declined else {}
    after |= {"undone_by_import": undo.id, "reason_code": reason_code}
    trail.record(Action.IMPORT_UNDONE, Subject.IMPORT, str(record.id), actor=actor, after=after)
    return undo


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
