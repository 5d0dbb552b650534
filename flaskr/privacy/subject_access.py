"""All that the book has about one person, for their request to see it: one JSON file."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from sqlalchemy import inspect, select

from flaskr.audit.filters import event_rows
from flaskr.audit.models import AuditEvent, Subject
from flaskr.claims.models import ENTRY_TEXTS, Claim, ClaimRevision, EntryTexts, LedgerEntry
from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.privacy.queries import PersonRecords, import_files_naming, reasons_naming
from flaskr.privacy.remaining_copies import own_files, remaining_copies
from flaskr.values.calendar import utc_now

_LEFT_OUT = {"id", "form_token", "policy_number_key", "claim_reference_key", "version"}
_LEFT_OUT |= {"policy_id", "claim_id"}


def person_file(records: PersonRecords, *, actor: str, reason: str) -> str:
    """Return the file as text: indented JSON, amounts as strings, instants in UTC."""
    policies = _rows(Policy, Policy.id.in_(records.policy_ids))
    claims = _rows(Claim, Claim.id.in_(records.claim_ids))
    of_policies = [policy.policy_number for policy in policies]
    of_claims = [claim.claim_reference for claim in claims]
    found = {
        "made_at": utc_now(),
        "made_by": actor,
        "reason": reason,
        "currency": current_app.config["BOOK_CURRENCY"],
        "policies": [_policy(policy) for policy in policies],
        "claims": [_claim(claim) for claim in claims],
        "imports": list(_imports(records)),
        "trail": list(_events(of_policies, of_claims, reasons_naming(records.names))),
        "may_also_be_in": _copies(records),
    }
    return json.dumps(found, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _rows(model: Any, condition: Any) -> list[Any]:
    """Return the rows of a model that meet a condition, in order."""
    return list(db.session.scalars(select(model).where(condition).order_by(model.id)))


def _facts(row: Any) -> dict[str, Any]:
    """Return a row's columns by name, without keys that mean nothing outside the database."""
    columns = inspect(type(row)).column_attrs.keys()
    return {name: getattr(row, name) for name in columns if name not in _LEFT_OUT}


def _policy(policy: Policy) -> dict[str, Any]:
    """Return a policy with its earlier facts."""
    earlier = _rows(PolicyRevision, PolicyRevision.policy_id == policy.id)
    return {**_facts(policy), "earlier_facts": list(map(_facts, earlier))}


def _claim(claim: Claim) -> dict[str, Any]:
    """Return a claim with its earlier facts and its ledger."""
    earlier = _rows(ClaimRevision, ClaimRevision.claim_id == claim.id)
    return {
        **_facts(claim),
        **_policy_number(claim),
        "earlier_facts": [_facts(each) | _policy_number(each) for each in earlier],
        "ledger": [_entry(entry) for entry in _rows(LedgerEntry, LedgerEntry.claim_id == claim.id)],
    }


def _policy_number(row: Claim | ClaimRevision) -> dict[str, str | None]:
    """Return the number of a claim's policy in place of its id."""
    policy = db.session.get(Policy, row.policy_id) if row.policy_id else None
    return {"policy_number": policy.policy_number if policy else None}


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    """Return a ledger entry with its texts, under its number in the book."""
    texts = db.session.get(EntryTexts, entry.id)
    said = {name: getattr(texts, name, None) for name in ENTRY_TEXTS}
    return {"entry_id": entry.id, **_facts(entry), **said}


def _imports(records: PersonRecords) -> Iterator[dict[str, Any]]:
    """Yield the imports that changed something, or have the name, with the names of their files."""
    for record in _rows(Import, Import.id.in_(_import_ids(records))):
        files = _rows(ImportFile, ImportFile.import_id == record.id)
        yield {
            "import_id": record.id,
            "kind": record.kind,
            "recorded_at": record.recorded_at,
            "recorded_by": record.recorded_by,
            "files": [file.file_name for file in files],
        }


def _import_ids(records: PersonRecords) -> set[int]:
    """Return the imports of a person's records, their edits and entries, and of files so named."""
    ids = set(import_files_naming(records.names).values())
    for key, numbers in (
        (Policy.id, records.policy_ids),
        (PolicyRevision.policy_id, records.policy_ids),
        (Claim.id, records.claim_ids),
        (ClaimRevision.claim_id, records.claim_ids),
        (LedgerEntry.claim_id, records.claim_ids),
    ):
        of_rows = select(key.class_.import_id).where(key.in_(numbers)).distinct()
        ids.update(filter(None, db.session.scalars(of_rows)))
    return ids


def _events(
    policies: list[str], claims: list[str], of_reasons: list[int]
) -> Iterator[dict[str, Any]]:
    """Yield the events of the trail on the policies and claims, and those whose reasons name."""
    of_policies = (AuditEvent.subject_kind == Subject.POLICY) & AuditEvent.subject.in_(policies)
    of_claims = (AuditEvent.subject_kind == Subject.CLAIM) & AuditEvent.subject.in_(claims)
    is_theirs = of_policies | of_claims | AuditEvent.id.in_(of_reasons)
    for row in db.session.execute(event_rows().where(is_theirs).order_by(AuditEvent.id)):
        yield dict(row._mapping)


def _copies(records: PersonRecords) -> list[dict[str, Any]]:
    """Return where else the person's data may be."""
    found = remaining_copies(records, own_files(current_app.config, records.names))
    return [{"text": copy.text, "places": copy.places} for copy in found]


def _plain(value: Any) -> str:
    """Return an amount, a day or an instant as a string, for json.dumps."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a person's file cannot have a value of {type(value)}")
