"""Undo: adjusting entries that take an import back; nothing of it is deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, literal, select, tuple_, update

from flaskr.audit import services as trail
from flaskr.audit.models import Action, Subject
from flaskr.book.models import Book
from flaskr.claims.ledger.posting import next_recorded_at
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.database import lock_ledger, locked_row
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.lists import EntryType
from flaskr.import_records.models import Import, ImportKind
from flaskr.import_records.queries import undo_of
from flaskr.imports.records.queries import import_numbered
from flaskr.imports.undo.queries import (
    BALANCES,
    claims_edited_since,
    count_of_moved,
    entries_of_import,
    free_text_changes,
    is_moving,
    moved_claims,
    moved_since,
    policies_edited_since,
)
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision
from flaskr.values.calendar import local_day

_NAMED = 10
_ZERO_ROWS = {"changed": 0, "unchanged": 0, "refused": 0, "created": 0}


class UndoRefused(ClaimBookError):
    """An import that cannot be undone."""

    status = 409


@dataclass(frozen=True)
class UndoShown:
    """What an undo would do, as the page shows it; `problem` says why it cannot be done."""

    claims: int
    edits: int
    free_texts: int
    problem: str


def shown_undo(record: Import) -> UndoShown:
    """Return what an undo would do, without doing it."""
    edits = sum(
        db.session.scalar(select(func.count()).where(kind.import_id == record.id)) or 0
        for kind in (ClaimRevision, PolicyRevision)
    )
    free_texts = db.session.scalar(free_text_changes(record)) or 0
    return UndoShown(count_of_moved(record), edits, free_texts, _problem_of(record))


def _problem_of(record: Import) -> str:
    """Return why an import cannot be undone; empty when it can."""
    if record.kind is ImportKind.UNDO:
        return "This import is itself an undo. Import the file again instead."
    if undo := undo_of(record):
        return f"It was already undone, by import {undo.id}."
    built: tuple[tuple[str, Select[Any]], ...] = (
        ("These claims have later ledger entries", moved_since(record)),
        ("These claims were edited later", claims_edited_since(record)),
        ("These policies were edited later", policies_edited_since(record)),
    )
    for text, names in built:
        found = list(db.session.scalars(names.limit(_NAMED + 1)))
        if found:
            more = " and more" if len(found) > _NAMED else ""
            return (
                f"{text}: {', '.join(found[:_NAMED])}{more}. "
                "Correct what the import did with new entries and edits instead."
            )
    return ""


def undo_import(number: int, *, actor: str) -> Import:
    """Take an import back: what it moved by adjusting entries, what it edited by further edits.

    What it created stays, without money. Raises UndoRefused when anything was built on it since.
    """
    locked_row(select(Book))  # one import at a time
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
    undo = _recorded_undo(record, next_recorded_at(), actor)
    _reverse_entries(record, undo)
    _put_back(record, undo, Claim, ClaimRevision, "claim_id", CLAIM_FACTS)
    _put_back(record, undo, Policy, PolicyRevision, "policy_id", POLICY_FACTS)
    db.session.expire_all()  # rows were changed past the session
    return undo


def _recorded_undo(record: Import, now: datetime, actor: str) -> Import:
    """Write the record of an undo: what it moves is the opposite."""
    claims = count_of_moved(record)
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
    said = {name: getattr(undo, name) for name in ("entries", *BALANCES)}
    said["undone_by_import"] = undo.id
    trail.record(Action.IMPORT_UNDONE, Subject.IMPORT, str(record.id), actor=actor, after=said)
    return undo


def _next_entry() -> int:
    """Return the id that the next ledger entry gets; the ledger is locked."""
    from flaskr.archive.bulk.loading import next_id

    return next_id(_driver_connection(), LedgerEntry.__tablename__)


def _move_entries(last_id: int) -> None:
    """Let further entries follow the last one that was given an id."""
    from flaskr.archive.bulk.loading import move_sequence

    move_sequence(_driver_connection(), LedgerEntry.__tablename__, last_id)


def _driver_connection() -> Any:
    """Return the driver's own connection, in the session's transaction."""
    return db.session.connection().connection.driver_connection


def _reverse_entries(record: Import, undo: Import) -> None:
    """Post one adjusting entry on each claim that the import moved, and bring the claims with it.

    Each takes back all that the import moved on its claim, and names the last of its entries.
    """
    if not undo.entries:
        return
    moved = moved_claims(record).subquery()
    last = LedgerEntry
    number = func.row_number().over(order_by=moved.c.claim_id)
    columns: dict[str, Any] = {
        "id": number + ((undo.first_entry or 0) - 1),
        "claim_id": moved.c.claim_id,
        "entry_type": literal(EntryType.ADJUSTMENT.value),
        "transaction_date": literal(local_day(undo.recorded_at)),
        "recorded_at": literal(undo.recorded_at, Import.recorded_at.type),
        "recorded_by": literal(undo.recorded_by),
        **{name: -moved.c[name] for name in BALANCES},
        **{f"{name}_after": getattr(last, f"{name}_after") - moved.c[name] for name in BALANCES},
        "status_after": last.status_after,
        "closed_date_after": last.closed_date_after,
        "reason": literal(f"undo of import {record.id}"),
        "reverses": moved.c.last_id,
        "import_id": literal(undo.id),
    }
    rows = (
        select(*columns.values())
        .join_from(moved, last, last.id == moved.c.last_id)
        .where(is_moving(moved))
        .order_by(moved.c.claim_id)
    )
    db.session.execute(insert(LedgerEntry).from_select(list(columns), rows))
    _move_entries((undo.first_entry or 0) + undo.entries - 1)
    _bring_claims(undo)


def _bring_claims(undo: Import) -> None:
    """Give the claims that an undo moved the state after its entry."""
    state = {name: getattr(LedgerEntry, f"{name}_after") for name in BALANCES}
    state |= {
        "last_transaction_date": LedgerEntry.transaction_date,
        "last_recorded_at": LedgerEntry.recorded_at,
    }
    of_undo = entries_of_import(undo)
    now = select(*state.values()).where(LedgerEntry.claim_id == Claim.id, of_undo)
    changed = Claim.id.in_(select(LedgerEntry.claim_id).where(of_undo))
    target = tuple_(*(getattr(Claim, name) for name in state))
    db.session.execute(
        update(Claim).where(changed).values({target: now.scalar_subquery()}),
        execution_options={"synchronize_session": False},
    )


def _put_back(
    record: Import, undo: Import, kind: Any, revisions: Any, key: str, facts: tuple[str, ...]
) -> None:
    """Give what the import edited the facts that it had before, and keep those of the import.

    Names and free text are not versioned: they stay as the import left them.
    """
    changed_text = "description_changed" if kind is Claim else "policyholder_changed"
    columns: dict[str, Any] = {
        key: kind.id,
        "replaced_at": literal(undo.recorded_at, Import.recorded_at.type),
        "replaced_by": literal(undo.recorded_by),
        changed_text: literal(False),
        "import_id": literal(undo.id),
        **{name: getattr(kind, name) for name in facts},
    }
    edited = (
        select(*columns.values())
        .join(revisions, getattr(revisions, key) == kind.id)
        .where(revisions.import_id == record.id)
        .order_by(kind.id)
    )
    db.session.execute(insert(revisions).from_select(list(columns), edited))
    before = select(*(getattr(revisions, name) for name in facts), kind.version + 1).where(
        getattr(revisions, key) == kind.id, revisions.import_id == record.id
    )
    target = tuple_(*(getattr(kind, name) for name in facts), kind.version)
    of_import = select(getattr(revisions, key)).where(revisions.import_id == record.id)
    db.session.execute(
        update(kind).where(kind.id.in_(of_import)).values({target: before.scalar_subquery()}),
        execution_options={"synchronize_session": False},
    )
