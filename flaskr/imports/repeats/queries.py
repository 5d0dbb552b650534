"""Which import loaded the same files before, and what has changed since in their rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.import_records.models import Import, ImportFile, ImportKind
from flaskr.import_records.queries import file_loadings
from flaskr.imports.dry_run.result import DryRun, FileResult
from flaskr.imports.jobs import Job
from flaskr.imports.loaded_columns import PERSONAL_NAMES
from flaskr.imports.loading.records import file_record
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.text import lookup_key


@dataclass(frozen=True)
class LaterChange:
    """A claim or a policy that was changed after an import: by another one, or by a person."""

    name: str
    import_id: int | None
    changed_by: str

    def __str__(self) -> str:
        """Return its name, and what changed it."""
        by = self.changed_by if self.import_id is None else f"import {self.import_id}"
        return f"{self.name} (by {by})"


def loaded_before(job: Job, outcome: DryRun) -> Import | None:
    """Return the last import that loaded all files of a dry run as it would load them now.

    Only imports count that are not undone and refused nothing. Files of which a part is new, or
    that are read in another way, are no repeat.
    """
    last = [next(_same_loadings(job, result), None) for result in outcome.files]
    found = [record for record in last if record]
    return max(found, key=lambda record: record.id) if found and len(found) == len(last) else None


def _same_loadings(job: Job, result: FileResult) -> Iterator[Import]:
    """Yield the other imports that loaded a file as it would be loaded now, newest first."""
    if PERSONAL_NAMES & result.constants.keys():  # their values are not kept, so they may differ
        return
    kind = ImportKind.MIGRATION if job.request.is_migration else ImportKind.FACTS
    now = file_record(result)
    for record, file in file_loadings(result.sha256):
        is_whole = not record.refused and not record.claims_left_out
        is_same = file.contents == now["contents"] and _is_same_reading(file, now["mapping"])
        if record.job != job.name and record.kind is kind and is_whole and is_same:
            yield record


def _is_same_reading(file: ImportFile, mapping: str) -> bool:
    """Whether a file was read in this way; what is not set may be missing."""
    then, now = json.loads(file.mapping), json.loads(mapping)
    return _without_empty(then) == _without_empty(now)


def _without_empty(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping without the options that are not set."""
    return {name: value for name, value in mapping.items() if value or name == "columns"}


@dataclass(frozen=True)
class _Changes:
    """A table of changes to claims or policies, and its columns."""

    owner: Any
    key: Any
    rows: Any
    owner_id: Any
    changed_at: Any
    changed_by: Any


_ENTRIES = _Changes(
    Claim,
    Claim.claim_reference_key,
    LedgerEntry,
    LedgerEntry.claim_id,
    LedgerEntry.recorded_at,
    LedgerEntry.recorded_by,
)
_CLAIM_EDITS = _Changes(
    Claim,
    Claim.claim_reference_key,
    ClaimRevision,
    ClaimRevision.claim_id,
    ClaimRevision.replaced_at,
    ClaimRevision.replaced_by,
)
_POLICY_EDITS = _Changes(
    Policy,
    Policy.policy_number_key,
    PolicyRevision,
    PolicyRevision.policy_id,
    PolicyRevision.replaced_at,
    PolicyRevision.replaced_by,
)
_CHANGES: dict[str, tuple[_Changes, ...]] = {
    Contents.CLAIMS: (_ENTRIES, _CLAIM_EDITS),
    Contents.POLICIES: (_POLICY_EDITS,),
}


def later_changes(result: FileResult, record: Import) -> list[LaterChange]:
    """Return the last change after an import of each of the first rows that a file would change.

    These are at most the rows that a page shows of the dry run; what nothing changed is left out.
    """
    names = {lookup_key(row.name): row.name for row in result.rows_of("changed").first}
    rows = [
        row
        for changes in _CHANGES.get(result.contents, ())
        for row in db.session.execute(_last_changes(changes, record, list(names)))
    ]
    last = {row.key: row for row in sorted(rows, key=lambda row: row.changed_at)}
    return [
        LaterChange(name, last[key].import_id, last[key].changed_by)
        for key, name in names.items()
        if key in last
    ]


def _last_changes(changes: _Changes, record: Import, keys: list[str]) -> Select[Any]:
    """Select the last change after an import of each claim or policy with one of the keys."""
    rows = changes.rows
    owners = select(changes.owner.id).where(changes.key.in_(keys))
    is_later = or_(
        rows.import_id > record.id,
        and_(rows.import_id.is_(None), changes.changed_at > record.recorded_at),
    )
    last = (
        select(func.max(rows.id))
        .where(changes.owner_id.in_(owners), is_later)
        .group_by(changes.owner_id)
    )
    return (
        select(
            changes.key.label("key"),
            changes.changed_at.label("changed_at"),
            rows.import_id,
            changes.changed_by.label("changed_by"),
        )
        .join(changes.owner, changes.owner.id == changes.owner_id)
        .where(rows.id.in_(last))
    )
