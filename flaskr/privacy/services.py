"""Erase a person by the ordinary edits, so that all who go by the watermark see that it moved."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from flaskr.audit.models import Action
from flaskr.claims.models import Claim
from flaskr.claims.services import edit_claim
from flaskr.errors import ChangedMeanwhile
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.services import edit_policy
from flaskr.privacy.queries import Person, claims_on, policies_held_by


@dataclass(frozen=True)
class Erased:
    """What was erased: how many names and free texts; and who else has one of the names."""

    names: int
    texts: int
    also_on: tuple[str, ...]


def erase_person(person: Person, *, actor: str) -> Erased:
    """Blank the policyholder of policies and the description of claims; what is blank stays so.

    Raises ChangedMeanwhile when a policy has got another claim since the person was looked up.
    """
    claims = _locked_rows(Claim, person.claim_ids)
    # Those of the claims too: an edit looks at them, after the first has locked the ledger.
    of_claims = {claim.policy_id for claim in claims if claim.policy_id}
    policies = _locked_rows(Policy, person.policy_ids | of_claims)
    if claims_on(person.policy_ids) - person.claim_ids:
        raise ChangedMeanwhile(
            "A claim was added to one of the policies in the meantime. Run the command again."
        )
    described = [claim for claim in claims if claim.description]
    named = [each for each in policies if each.id in person.policy_ids and each.policyholder]
    names = {policy.policyholder for policy in named}
    for claim in described:
        _erase_description(claim, actor)
    for policy in named:
        _erase_name(policy, actor)
    return Erased(len(named), len(described), tuple(policies_held_by(names)))


def _erase_description(claim: Claim, actor: str) -> None:
    """Blank what was said about a loss."""
    blank = {"description": ""}
    edit_claim(claim, blank, seen_version=claim.version, actor=actor, action=Action.PERSON_ERASED)


def _erase_name(policy: Policy, actor: str) -> None:
    """Blank who holds a policy."""
    blank = {"policyholder": ""}
    edit_policy(
        policy, blank, seen_version=policy.version, actor=actor, action=Action.PERSON_ERASED
    )


def _locked_rows(model: Any, ids: Iterable[int]) -> list[Any]:
    """Return rows as they are now, by id, locked until the transaction ends."""
    rows = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))
