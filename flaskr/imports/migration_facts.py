"""The policies and claims that a migration brings, made and checked but not yet written."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from flaskr.calendar import day_end, today
from flaskr.claims.models import Claim
from flaskr.claims.rules import Status
from flaskr.claims.services import check_dates
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.checks import ClaimRow, PolicyRow
from flaskr.imports.layouts import Row
from flaskr.imports.migration_checks import Migration
from flaskr.imports.refusals import ImportRefused, Refusal
from flaskr.imports.services import KEYS_AT_ONCE, known_claims
from flaskr.money import ZERO
from flaskr.policies.models import Policy
from flaskr.policies.services import check_facts
from flaskr.text import reference_key

Instants = dict[str, datetime]  # the first instant at which the files know something, by key


def new_policies(
    migration: Migration, first_known: Instants, now: datetime, actor: str, refusals: list[Refusal]
) -> dict[str, Policy]:
    """Return the policies of the file by key; those refused too, with the reason in `refusals`."""
    known = known_policies(row.policy_number for row in migration.policies)
    claims_known = first_claims(migration.claims, first_known)
    policies: dict[str, Policy] = {}
    for row in migration.policies:
        key = reference_key(row.policy_number)
        start = day_end(row.inception_date - timedelta(days=1))
        assumed = min(start, claims_known.get(key, now), now)
        policies[key] = policy = new_policy(row, row.recorded_at or assumed, actor)
        try:
            check_is_new(row.row, "policy_number", key in known)
            check_past(row.row, policy.recorded_at, now)
            check_facts(policy)
        except ImportRefused as error:
            refusals.extend(error.refusals)
        except ClaimBookError as error:
            refusals.extend(row.row.refused(str(error), "policy_number").refusals)
    return policies


def first_claims(rows: Iterable[ClaimRow], first_known: Instants) -> Instants:
    """Return when the first claim on each policy was recorded, as far as the files say."""
    first: Instants = {}
    for row in rows:
        at = row.recorded_at or first_known.get(reference_key(row.claim_reference))
        if at and row.policy_number:
            key = reference_key(row.policy_number)
            first[key] = min(at, first.get(key, at))
    return first


def new_policy(row: PolicyRow, recorded_at: datetime, actor: str) -> Policy:
    """Return a policy as the file has it."""
    return Policy(
        policy_number=row.policy_number,
        policy_number_key=reference_key(row.policy_number),
        policyholder=row.policyholder,
        line_of_business=row.line_of_business,
        inception_date=row.inception_date,
        expiry_date=row.expiry_date,
        premium=row.premium,
        deductible=row.deductible,
        sum_insured=row.sum_insured,
        cancelled_on=row.cancelled_on,
        recorded_at=recorded_at,
        recorded_by=actor,
        version=1,
    )


def known_policies(numbers: Iterable[str]) -> dict[str, Policy]:
    """Return the policies that are in the book already, by their number's key."""
    keys = sorted(set(map(reference_key, numbers)))
    found: dict[str, Policy] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        for policy in db.session.scalars(select(Policy).where(Policy.policy_number_key.in_(some))):
            found[policy.policy_number_key] = policy
    return found


def new_claims(
    migration: Migration,
    policies: dict[str, Policy],
    first_known: Instants,
    now: datetime,
    actor: str,
    refusals: list[Refusal],
) -> dict[str, Claim]:
    """Return the claims of the file by key; those refused too, with the reason in `refusals`.

    A claim without a `recorded_at` of its own has its first entry's, without entries the import's.
    """
    known = known_claims(row.claim_reference for row in migration.claims)
    in_book = known_policies(row.policy_number for row in migration.claims if row.policy_number)
    claims: dict[str, Claim] = {}
    for row in migration.claims:
        key = reference_key(row.claim_reference)
        claims[key] = claim = new_claim(row, row.recorded_at or first_known.get(key, now), actor)
        try:
            check_is_new(row.row, "claim_reference", key in known)
            check_past(row.row, row.recorded_at or now, now)
            check_dates(row.loss_date, row.reported_date, today())
            claim.policy = policy_of(row, in_book | policies)
        except ImportRefused as error:
            refusals.extend(error.refusals)
        except ClaimBookError as error:
            refusals.extend(row.row.refused(str(error), "claim_reference").refusals)
    return claims


def new_claim(row: ClaimRow, recorded_at: datetime, actor: str) -> Claim:
    """Return a claim as the file has it, without its ledger."""
    return Claim(
        claim_reference=row.claim_reference,
        claim_reference_key=reference_key(row.claim_reference),
        policy=None,
        cause=row.cause,
        loss_date=row.loss_date,
        reported_date=row.reported_date,
        description=row.description,
        status=Status.OPEN,
        paid=ZERO,
        outstanding=ZERO,
        recovered=ZERO,
        recorded_at=recorded_at,
        recorded_by=actor,
        version=1,
    )


def policy_of(row: ClaimRow, policies: dict[str, Policy]) -> Policy | None:
    """Return the policy that a claim names; raises ImportRefused when there is none."""
    if row.policy_number is None:
        return None
    policy = policies.get(reference_key(row.policy_number))
    if policy is None:
        text = "The policy is neither in the file of policies nor in the book. Add it."
        raise row.row.refused(text, "policy_number")
    return policy


def check_is_new(row: Row, column: str, is_known: bool) -> None:
    """Raise ImportRefused for what the book has already: a migration changes nothing."""
    if is_known:
        raise row.refused("It is in the book already. Leave the row out.", column)


def check_past(row: Row, recorded_at: datetime, now: datetime) -> None:
    """Raise ImportRefused for an instant in the future."""
    if recorded_at > now:
        raise row.refused("That is in the future. Correct it.", "recorded_at")
