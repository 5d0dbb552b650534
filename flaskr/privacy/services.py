"""Erase a person's data from the book, so that the watermark changes as for any edit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from flaskr.audit.models import Action, EventTexts, Subject
from flaskr.audit.services import BOOK, record
from flaskr.claims.erasing import ErasedTexts, erase_claim_texts
from flaskr.claims.models import Claim
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.exports.kept.services import erase_kept_export
from flaskr.extensions import db
from flaskr.import_records.models import ImportFile
from flaskr.policies.models import Policy
from flaskr.policies.services import erase_policyholder
from flaskr.privacy.queries import (
    PersonRecords,
    claim_ids_of_policies,
    import_files_naming,
    reasons_naming,
)
from flaskr.privacy.remaining_copies import OwnFiles, is_named_in
from flaskr.values.identity_numbers import IN_TEXT, has_identity_number


class NoReason(ClaimBookError):
    """An erasure without a reason, or with one that names the person."""


@dataclass(frozen=True)
class ErasureResult:
    """How many names and texts were erased, or would be."""

    names: int = 0
    texts: ErasedTexts = field(default_factory=ErasedTexts)
    file_names: int = 0
    reasons: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """The numbers by what was erased, without zeros."""
        every = {
            "policyholders": self.names,
            "descriptions": self.texts.descriptions,
            "texts_of_entries": self.texts.entry_texts,
            "file_names": self.file_names,
            "reasons": self.reasons,
        }
        return {name: number for name, number in every.items() if number}


def check_reason(records: PersonRecords, reason: str) -> None:
    """Raise ClaimBookError without a reason, or for one with the name or an identity number."""
    if not reason.strip():
        raise NoReason("Say why: the reason goes to the audit trail.")
    if records.names.is_in(reason):
        raise NoReason("The reason has the person's name. Give it without the name.")
    if has_identity_number(reason):
        raise NoReason(f"{IN_TEXT}. Leave it out of the reason.")


def erase_person(records: PersonRecords, *, actor: str, reason: str) -> ErasureResult:
    """Blank what the book has of a person, and mark their policies and claims for good.

    The name of a policyholder, of claims the description and the entries' texts, the names of
    imported files and reasons in the trail that have the name. Raises ChangedMeanwhile if a policy
    has got another claim since the records were looked up.
    """
    check_reason(records, reason)
    claims = _locked_rows(Claim, records.claim_ids)
    # The claims' policies too: an edit reads them, and no row is locked after the ledger.
    of_claims = {claim.policy_id for claim in claims if claim.policy_id}
    policies = _locked_rows(Policy, records.policy_ids | of_claims)
    if claim_ids_of_policies(records.policy_ids) - records.claim_ids:
        raise ChangedMeanwhile(
            "A claim was added to one of the policies in the meantime. "
            "Look again at what will be erased."
        )
    texts = ErasedTexts()
    for claim in claims:
        texts += erase_claim_texts(claim, actor=actor)
    of_person = [policy for policy in policies if policy.id in records.policy_ids]
    names = sum(erase_policyholder(policy, actor=actor) for policy in of_person)
    files, reasons = list(import_files_naming(records.names)), reasons_naming(records.names)
    db.session.execute(update(ImportFile).where(ImportFile.id.in_(files)).values(file_name=""))
    db.session.execute(
        update(EventTexts).where(EventTexts.event_id.in_(reasons)).values(reason=None)
    )
    result = ErasureResult(names, texts, len(files), len(reasons))
    if result.counts:
        counts = result.counts
        record(Action.PERSON_ERASED, Subject.BOOK, BOOK, actor=actor, after=counts, reason=reason)
    return result


def record_shown(records: PersonRecords, *, actor: str, reason: str) -> None:
    """Record that somebody gets all that the book has about a person, on each of their records."""
    check_reason(records, reason)
    policies, claims = Policy.id.in_(records.policy_ids), Claim.id.in_(records.claim_ids)
    for kind, numbers in (
        (Subject.POLICY, select(Policy.policy_number).where(policies).order_by(Policy.id)),
        (Subject.CLAIM, select(Claim.claim_reference).where(claims).order_by(Claim.id)),
    ):
        for number in db.session.scalars(numbers).all():
            record(Action.PERSON_SHOWN, kind, number, actor=actor, reason=reason)


def delete_own_files(records: PersonRecords, files: OwnFiles, *, actor: str, reason: str) -> int:
    """Delete the kept exports and the folders of loaded imports that may have a person's data.

    Kept exports whose name, note or filter has the name lose these too; return how many there were.
    Kept exports on hold and imports that are not loaded stay. To be called after the commit.
    """
    for export in files.exports:
        is_named = is_named_in(export, records.names)
        erase_kept_export(export, actor, reason, with_texts=is_named)
    for job in files.jobs:
        with job.lock():
            job.remove()
    return len(files.exports) + len(files.jobs)


def _locked_rows(model: Any, ids: Iterable[int]) -> list[Any]:
    """Return the current rows in the order of their ids, locked until the transaction ends."""
    rows = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))
