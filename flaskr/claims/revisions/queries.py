"""Each version of the facts of claims and policies, with when and by whom it was recorded."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from flaskr.book.sealing.queries import EMPTY_BOOK, SealName
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision
from flaskr.facts.closed_lists import Versioned
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision

# What replaced a version recorded the next one.
_RECORDED = {"recorded_at": "replaced_at", "recorded_by": "replaced_by", "import_id": "import_id"}


@dataclass(frozen=True)
class _History:
    """A table whose facts are edited, and the table of their earlier values."""

    kind: Versioned
    row: Any
    reference: Any
    facts: tuple[str, ...]
    revision: Any
    row_id: Any  # of a revision
    text: str  # a name or a free text, of which revisions keep only that it changed

    def is_later(self, revision_id: Any, since: SealName) -> ColumnElement[bool]:
        """Return the condition that an edit was recorded after a seal."""
        return revision_id > since.highest_id(self.revision.__tablename__)


_OF_CLAIMS = _History(
    Versioned.CLAIM,
    Claim,
    Claim.claim_reference,
    CLAIM_FACTS,
    ClaimRevision,
    ClaimRevision.claim_id,
    "description",
)
_OF_POLICIES = _History(
    Versioned.POLICY,
    Policy,
    Policy.policy_number,
    POLICY_FACTS,
    PolicyRevision,
    PolicyRevision.policy_id,
    "policyholder",
)
_FACTS = {
    "policy_number": Policy.policy_number,
    **{name: getattr(Claim, name) for name in CLAIM_FACTS if name != "policy_id"},
    **{name: getattr(Policy, name) for name in POLICY_FACTS},
}


def fact_versions(since: SealName | None = None) -> Select[Any]:
    """Select one row for each version of the facts of each claim and policy, in no order.

    Columns: kind, row_id, then those of the file of revisions. A version of one kind has no values
    in the facts of the other. With `since`, only the versions that were recorded or replaced after
    that seal: all of a new claim or policy; of one that was edited, the version that the first edit
    since replaced, and the later ones.
    """
    seal = since or EMPTY_BOOK
    versions = (
        version
        for history in (_OF_CLAIMS, _OF_POLICIES)
        for version in (_unedited(history, seal), _edited(history, seal))
    )
    return select(union_all(*versions).subquery())


def _unedited(history: _History, since: SealName) -> Select[Any]:
    """Select the only versions of the rows that are new since a seal, and were never edited."""
    row = history.row
    of_version = {
        "version": row.version,
        **{name: getattr(row, name) for name in _RECORDED},
        "replaced_at": _none(row.recorded_at),
        "replaced_by": _none(row.recorded_by),
        "text_changed": cast(null(), String),
    }
    rows = _version_rows(history, row.__table__, row, of_version)
    return rows.where(row.version == 1, row.id > since.highest_id(row.__tablename__))


def _edited(history: _History, since: SealName) -> Select[Any]:
    """Select the versions of rows edited since a seal, without those that were replaced by then."""
    row, versions = history.row, _in_order(history, since).subquery()
    of_version = {
        "version": versions.c.version,
        **{
            name: case(
                (versions.c.version == 1, getattr(row, name)), else_=versions.c[f"{ended}_before"]
            )
            for name, ended in _RECORDED.items()
        },
        "replaced_at": versions.c.replaced_at,
        "replaced_by": versions.c.replaced_by,
        "text_changed": case((versions.c.text_changed_before, literal(history.text, String))),
    }
    source = versions.join(row, row.id == versions.c.row_id)
    rows = _version_rows(history, source, versions.c, of_version)
    return rows.where(
        versions.c.revision_id.is_(None) | history.is_later(versions.c.revision_id, since)
    )


def _version_rows(
    history: _History, source: Any, facts: Any, of_version: dict[str, Any]
) -> Select[Any]:
    """Select versions from a source that has their rows; `facts` has the columns of their facts."""
    columns = {
        "kind": literal(history.kind.value, String),
        "row_id": history.row.id,
        "reference": history.reference,
        **of_version,
    }
    for name, column in _FACTS.items():
        columns[name] = getattr(facts, name) if name in history.facts else _none(column)
    if history is _OF_CLAIMS:
        columns["policy_number"] = Policy.policy_number
        source = source.outerjoin(Policy, Policy.id == facts.policy_id)
    return select(*(column.label(name) for name, column in columns.items())).select_from(source)


def _in_order(history: _History, since: SealName) -> Select[Any]:
    """Select all versions of the rows edited since a seal, numbered, with what ended each.

    `_before` is what ended the version before. The current version has no revision, and is last.
    """
    row, revision = history.row, history.revision
    edited = select(history.row_id).where(history.is_later(revision.id, since))
    replaced: Select[Any] = select(
        history.row_id.label("row_id"),
        revision.id.label("revision_id"),
        *(getattr(revision, name) for name in (*_RECORDED.values(), *history.facts)),
        getattr(revision, f"{history.text}_changed").label("text_changed"),
    ).where(history.row_id.in_(edited))
    current: Select[Any] = select(
        row.id,
        null(),
        *(null() for _ in _RECORDED),
        *(getattr(row, name) for name in history.facts),
        null(),
    ).where(row.id.in_(edited))
    versions = union_all(replaced, current).subquery()
    order: dict[str, Any] = {
        "partition_by": versions.c.row_id,
        "order_by": versions.c.revision_id.nulls_last(),
    }
    before = {
        f"{name}_before": func.lag(versions.c[name], type_=versions.c[name].type).over(**order)
        for name in (*_RECORDED.values(), "text_changed")
    }
    return select(
        versions,
        func.row_number().over(**order).label("version"),
        *(column.label(name) for name, column in before.items()),
    )


def _none(column: Any) -> Any:
    """Return SQL for no value of a column's type."""
    return cast(null(), column.type)
