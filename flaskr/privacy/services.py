"""Erase a person's data with the ordinary edits, so that the watermark changes as for any edit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from flaskr.claims.erasing import ErasedTexts, erase_claim_texts
from flaskr.claims.models import Claim
from flaskr.errors import ChangedMeanwhile
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.services import erase_policyholder
from flaskr.privacy.queries import PersonRecords, claim_ids_of_policies, policy_numbers_held_by


@dataclass(frozen=True)
class ErasureResult:
    """How many names and texts were erased, and which other policies have one of the names."""

    names: int
    texts: ErasedTexts
    also_on: tuple[str, ...]


def erase_person(records: PersonRecords, *, actor: str) -> ErasureResult:
    """Blank the policyholder of policies, and of claims the description and the entries' texts.

    Raises ChangedMeanwhile if a policy has got another claim since the records were looked up.
    """
    claims = _locked_rows(Claim, records.claim_ids)
    # The claims' policies too: an edit reads them, and no row is locked after the ledger.
    of_claims = {claim.policy_id for claim in claims if claim.policy_id}
    policies = _locked_rows(Policy, records.policy_ids | of_claims)
    if claim_ids_of_policies(records.policy_ids) - records.claim_ids:
        raise ChangedMeanwhile(
            "A claim was added to one of the policies in the meantime. Run the command again."
        )
    of_person = [policy for policy in policies if policy.id in records.policy_ids]
    held_by = {policy.policyholder for policy in of_person}
    texts = ErasedTexts()
    for claim in claims:
        texts += erase_claim_texts(claim, actor=actor)
    names = sum(erase_policyholder(policy, actor=actor) for policy in of_person)
    return ErasureResult(names, texts, tuple(policy_numbers_held_by(held_by)))


def _locked_rows(model: Any, ids: Iterable[int]) -> list[Any]:
    """Return the current rows in the order of their ids, locked until the transaction ends."""
    rows = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))
