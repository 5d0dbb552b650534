"""The history of one claim or policy: its recording and its edits, newest first, in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any

from sqlalchemy import ColumnElement, select

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.presenters import Change, changes_of
from flaskr.claims.history.edit_queries import claim_edit_rows, policy_edit_rows
from flaskr.claims.history.presenters import edit_changes, facts_before, recorded_facts
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision
from flaskr.extensions import db
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision
from flaskr.web.paging import UnknownPage

_PAGE_LINES = 20
_MOST_DIGITS = 6


@dataclass(frozen=True)
class HistoryLine:
    """What was done, when and by whom; `through` is empty where the trail does not say it.

    An import has a row if it recorded the claim or policy, and none for an edit.
    """

    recorded_at: datetime
    recorded_by: str
    what: str
    changes: list[Change]
    import_id: int | None
    import_row: int | None = None
    through: str = ""


@dataclass(frozen=True)
class History:
    """One page of a history; the first page is number 1 and has the newest lines."""

    kind: Subject
    subject: str
    lines: list[HistoryLine]
    page: int
    pages: int


def claim_history(claim: Claim, page: str) -> History:
    """Return a page of a claim's history; raises UnknownPage."""
    facts = {"policy": claim.policy.policy_number if claim.policy else None}
    facts |= {name: getattr(claim, name) for name in CLAIM_FACTS if name != "policy_id"}
    of_claim = _Recorded(Subject.CLAIM, claim.claim_reference, "reported", claim, facts)
    return _history(of_claim, _revisions(ClaimRevision, ClaimRevision.claim_id == claim.id), page)


def policy_history(policy: Policy, page: str) -> History:
    """Return a page of a policy's history; raises UnknownPage."""
    facts = {name: getattr(policy, name) for name in POLICY_FACTS}
    of_policy = _Recorded(Subject.POLICY, policy.policy_number, "recorded", policy, facts)
    of_row = PolicyRevision.policy_id == policy.id
    return _history(of_policy, _revisions(PolicyRevision, of_row), page)


def _revisions(model: Any, of_row: ColumnElement[bool]) -> Sequence[Any]:
    """Return (id, import_id) of the revisions of a row, the newest first."""
    revisions = select(model.id, model.import_id).where(of_row)
    return db.session.execute(revisions.order_by(model.id.desc())).all()


@dataclass(frozen=True)
class _Recorded:
    """A claim or a policy, with its facts as they are now."""

    kind: Subject
    subject: str
    what: str  # the word for its recording
    row: Claim | Policy
    facts: dict[str, Any]


def _history(recorded: _Recorded, revisions: Sequence[Any], page: str) -> History:
    """Return a page: a line for each revision, and the recording as the oldest line."""
    edits = _edits_with_events(recorded, revisions)
    pages = 1 + len(edits) // _PAGE_LINES
    number = int(page) if page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS else 0
    if not 1 <= number <= pages:
        raise UnknownPage("The history has no such page.")
    shown = edits[(number - 1) * _PAGE_LINES : number * _PAGE_LINES]
    oldest = [edits[-1][0]] if edits and number == pages else []
    rows = _edit_rows_of(recorded.kind, [*(edit for edit, _ in shown), *oldest])
    events = _events_of([event for _, event in shown if event])
    lines = [_edited(rows[edit], events.get(event)) for edit, event in shown]
    if number == pages:
        facts = facts_before(rows[oldest[0]]) if oldest else recorded.facts
        lines.append(_recording(recorded, facts))
    return History(recorded.kind, recorded.subject, lines, number, pages)


def _edits_with_events(
    recorded: _Recorded, revisions: Sequence[Any]
) -> list[tuple[int, int | None]]:
    """Return the ids of revisions, the newest first, each with that of its event in the trail.

    Each edit has an event, in the same order, except that imports have one for all their rows, and
    the edits that came with an archive have none.
    """
    if not revisions:
        return []
    of_edits = select(AuditEvent.id).where(
        AuditEvent.subject_kind == recorded.kind,
        AuditEvent.subject == recorded.subject,
        AuditEvent.action.in_((Action.CLAIM_EDITED, Action.POLICY_EDITED, Action.PERSON_ERASED)),
    )
    found = db.session.scalars(of_edits.order_by(AuditEvent.id.desc()))
    events = chain(found, repeat(None))
    return [(edit, None if import_id else next(events)) for edit, import_id in revisions]


def _edit_rows_of(kind: Subject, ids: Sequence[int]) -> dict[int, Any]:
    """Return edits by their ids."""
    if not ids:
        return {}
    if kind is Subject.CLAIM:
        rows, key = claim_edit_rows(), ClaimRevision.id
    else:
        rows, key = policy_edit_rows(), PolicyRevision.id
    return {row.number: row for row in db.session.execute(rows.where(key.in_(ids)))}


def _events_of(ids: Sequence[int]) -> dict[int | None, AuditEvent]:
    """Return events by their ids."""
    events = select(AuditEvent).where(AuditEvent.id.in_(ids))
    return {event.id: event for event in db.session.scalars(events)} if ids else {}


def _edited(edit: Any, event: AuditEvent | None) -> HistoryLine:
    """Return the line of an edit; an erasure's event also says which texts of entries it erased."""
    is_erasure = event is not None and event.action is Action.PERSON_ERASED
    return HistoryLine(
        recorded_at=edit.recorded_at,
        recorded_by=edit.recorded_by,
        what="erased" if is_erasure else "edited",
        changes=changes_of(None, event.after) if event and is_erasure else edit_changes(edit),
        import_id=edit.import_id,
        through=event.through if event else "",
    )


def _recording(recorded: _Recorded, facts: dict[str, Any]) -> HistoryLine:
    """Return the line of the recording, with the facts of then."""
    row = recorded.row
    return HistoryLine(
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        what=recorded.what,
        changes=recorded_facts(facts),
        import_id=row.import_id,
        import_row=row.import_row,
    )
