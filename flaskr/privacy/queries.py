"""What there is to erase: policies by number with their claims, and claims by reference."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.queries import policy_by_number

_SHOWN = 20


class _NotInTheBook(ClaimBookError):
    """A policy or a claim to erase that there is not."""

    status = 404


@dataclass(frozen=True)
class Person:
    """Where a person stands in the book: ids of policies, and of claims with all those on them."""

    policy_ids: frozenset[int]
    claim_ids: frozenset[int]


def person_on(numbers: Iterable[str], references: Iterable[str]) -> Person:
    """Return the policies and claims named; raises NotInTheBook naming those that there are not."""
    policies = {number: policy_by_number(number) for number in numbers}
    claims = {reference: claim_by_reference(reference) for reference in references}
    unknown = [f"policy {number}" for number, found in policies.items() if found is None]
    unknown += [f"claim {reference}" for reference, found in claims.items() if found is None]
    if unknown:
        raise _NotInTheBook(
            f"There is no {' and no '.join(unknown)} in the book. Nothing was erased."
        )
    policy_ids = frozenset(policy.id for policy in policies.values() if policy)
    own = frozenset(claim.id for claim in claims.values() if claim)
    return Person(policy_ids, own | claims_on(policy_ids))


def claims_on(policy_ids: Iterable[int]) -> frozenset[int]:
    """Return the ids of the claims on some policies."""
    return frozenset(db.session.scalars(select(Claim.id).where(Claim.policy_id.in_(policy_ids))))


def policies_held_by(names: Iterable[str]) -> list[str]:
    """Return the numbers of the first policies that have one of these names."""
    held = select(Policy.policy_number).where(Policy.policyholder.in_([n for n in names if n]))
    return list(db.session.scalars(held.order_by(Policy.id).limit(_SHOWN)))
