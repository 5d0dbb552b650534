"""Find what to erase: policies by number, with their claims, and claims by reference."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.queries import policy_by_number

_MAX_NUMBERS = 20


class _UnknownNumber(ClaimBookError):
    """A policy or a claim that is not in the book."""

    status = 404


@dataclass(frozen=True)
class PersonRecords:
    """The ids of a person's policies and claims, among them all claims on those policies."""

    policy_ids: frozenset[int]
    claim_ids: frozenset[int]


def person_records(numbers: Iterable[str], references: Iterable[str]) -> PersonRecords:
    """Return the records to erase; raises ClaimBookError with the numbers that do not exist."""
    policies = {number: policy_by_number(number) for number in numbers}
    claims = {reference: claim_by_reference(reference) for reference in references}
    unknown = [f"policy {number}" for number, policy in policies.items() if policy is None]
    unknown += [f"claim {reference}" for reference, claim in claims.items() if claim is None]
    if unknown:
        raise _UnknownNumber(
            f"There is no {' and no '.join(unknown)} in the book. Nothing was erased."
        )
    policy_ids = frozenset(policy.id for policy in policies.values() if policy)
    claim_ids = frozenset(claim.id for claim in claims.values() if claim)
    return PersonRecords(policy_ids, claim_ids | claim_ids_of_policies(policy_ids))


def claim_ids_of_policies(policy_ids: Iterable[int]) -> frozenset[int]:
    """Return the ids of the claims on these policies."""
    return frozenset(db.session.scalars(select(Claim.id).where(Claim.policy_id.in_(policy_ids))))


def policy_numbers_held_by(names: Iterable[str]) -> list[str]:
    """Return the numbers of the first 20 policies with one of these policyholders."""
    held = select(Policy.policy_number).where(Policy.policyholder.in_([n for n in names if n]))
    return list(db.session.scalars(held.order_by(Policy.id).limit(_MAX_NUMBERS)))
