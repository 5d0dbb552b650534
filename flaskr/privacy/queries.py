"""Find what to erase: policies by number, with their claims, and where else the names are."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from flaskr.audit.models import AuditEvent, EventTexts, Subject
from flaskr.claims.models import ENTRY_TEXTS, Claim, EntryTexts, LedgerEntry
from flaskr.claims.queries import claim_by_reference
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.import_records.models import ImportFile
from flaskr.policies.models import Policy
from flaskr.policies.queries import policy_by_number
from flaskr.privacy.names import PersonNames

_ROWS_AT_ONCE = 10_000


class _UnknownNumber(ClaimBookError):
    """A policy or a claim that is not in the book."""

    status = 404


@dataclass(frozen=True)
class PersonRecords:
    """The ids of a person's policies and claims, among them all claims on those policies."""

    policy_ids: frozenset[int]
    claim_ids: frozenset[int]
    names: PersonNames


def person_records(
    numbers: Iterable[str],
    references: Iterable[str],
    names: Iterable[str] = (),
    *,
    with_same_name: bool = False,
) -> PersonRecords:
    """Return a person's records; raises ClaimBookError with the numbers that do not exist.

    `names` are further names of the person. With `with_same_name` the other policies that are held
    under one of the names are the person's too.
    """
    policies = {number: policy_by_number(number) for number in numbers}
    claims = {reference: claim_by_reference(reference) for reference in references}
    unknown = [f"policy {number}" for number, policy in policies.items() if policy is None]
    unknown += [f"claim {reference}" for reference, claim in claims.items() if claim is None]
    if unknown:
        raise _UnknownNumber(f"There is no {' and no '.join(unknown)} in the book.")
    found = [policy for policy in policies.values() if policy]
    of_person = PersonNames.of([*names, *(policy.policyholder for policy in found)])
    policy_ids = {policy.id for policy in found}
    if with_same_name:
        policy_ids |= policies_held_by(of_person).keys()
    claim_ids = {claim.id for claim in claims.values() if claim}
    return PersonRecords(
        frozenset(policy_ids), frozenset(claim_ids) | claim_ids_of_policies(policy_ids), of_person
    )


def is_erased(records: PersonRecords) -> bool:
    """Whether the person's policies and claims are all marked as erased."""
    policies = select(Policy.id).where(
        Policy.id.in_(records.policy_ids), Policy.erased_at.is_(None)
    )
    claims = select(Claim.id).where(Claim.id.in_(records.claim_ids), Claim.erased_at.is_(None))
    return not db.session.scalar(select(policies.exists() | claims.exists()))


def claim_ids_of_policies(policy_ids: Iterable[int]) -> frozenset[int]:
    """Return the ids of the claims on these policies."""
    return frozenset(db.session.scalars(select(Claim.id).where(Claim.policy_id.in_(policy_ids))))


def policies_held_by(names: PersonNames) -> dict[int, str]:
    """Return the numbers of the policies that are held under one of the names, by their ids."""
    if not names.folded:
        return {}
    held = select(Policy.id, Policy.policy_number, Policy.policyholder).order_by(Policy.id)
    rows = db.session.execute(
        held.where(Policy.policyholder != "").execution_options(yield_per=_ROWS_AT_ONCE)
    )
    return {number: name for number, name, holder in rows if names.is_name(holder)}


def claims_naming(names: PersonNames, besides: Iterable[int]) -> list[str]:
    """Return the references of further claims of which a text, also of an entry, has a name."""
    if not names.folded:
        return []
    known = set(besides)
    said = select(Claim.id, Claim.claim_reference, Claim.description).where(Claim.description != "")
    texts = [getattr(EntryTexts, name) for name in ENTRY_TEXTS]
    beside = (
        select(Claim.id, Claim.claim_reference, *texts)
        .join(LedgerEntry, LedgerEntry.id == EntryTexts.entry_id)
        .join(Claim, Claim.id == LedgerEntry.claim_id)
    )
    found = {
        reference
        for rows in (said, beside)
        for claim_id, reference, *words in db.session.execute(
            rows.execution_options(yield_per=_ROWS_AT_ONCE)
        )
        if claim_id not in known and any(map(names.is_in, words))
    }
    return sorted(found)


def import_files_naming(names: PersonNames) -> dict[int, int]:
    """Return the imports of the files whose names have a name of the person, by the files' ids."""
    files = select(ImportFile.id, ImportFile.import_id, ImportFile.file_name)
    return {
        file_id: import_id
        for file_id, import_id, name in db.session.execute(files)
        if names.is_in(name)
    }


def reasons_naming(names: PersonNames) -> list[int]:
    """Return the events of the trail whose erasable reasons have a name of the person."""
    reasons = select(EventTexts.event_id, EventTexts.reason).where(EventTexts.reason.is_not(None))
    return [event for event, reason in db.session.execute(reasons) if names.is_in(reason)]


def old_events_naming(names: PersonNames) -> list[int]:
    """Return the events of earlier versions with a name in their reason, or in a kept export's.

    Such events cannot be changed.
    """
    of_files = select(AuditEvent.id, AuditEvent.subject, AuditEvent.after).where(
        (AuditEvent.subject_kind == Subject.FILE) | AuditEvent.after.contains('"reason": ')
    )
    return [
        event
        for event, subject, after in db.session.execute(of_files.order_by(AuditEvent.id))
        if names.is_in(subject) or names.is_in(after)
    ]
