"""What can be done to a policy: record it, edit its facts, cancel it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import event_facts, record
from flaskr.book.services import allot_reference
from flaskr.database import lock_ledger
from flaskr.errors import ChangedMeanwhile, ClaimBookError, SentTwice
from flaskr.extensions import db
from flaskr.facts.lists import LineOfBusiness
from flaskr.policies.models import POLICY_EDITS, POLICY_FACTS, Policy, PolicyRevision
from flaskr.policies.queries import locked_policy, policy_numbered
from flaskr.values.calendar import utc_now
from flaskr.values.money import LARGEST_ENTRY, format_money, to_ore
from flaskr.values.text import clean_name, clean_reference, is_allotted, reference_key


class PolicyError(ClaimBookError):
    """A policy that cannot be recorded, edited or cancelled so."""


def record_policy(
    *,
    line_of_business: LineOfBusiness,
    policyholder: str,
    inception_date: date,
    expiry_date: date,
    premium: Decimal,
    deductible: Decimal,
    sum_insured: Decimal | None = None,
    policy_number: str = "",
    form_token: str | None = None,
    actor: str,
) -> Policy:
    """Record a policy under the number given, or under the next one of the book.

    Raises PolicyError or TextError when its facts do not fit together or the number is taken.
    """
    lock_ledger()
    _check_sent_once(form_token)
    recorded_at = utc_now()
    number = _typed_number(policy_number) if policy_number else allot_reference("P", recorded_at)
    policy = Policy(
        policy_number=number,
        policy_number_key=reference_key(number),
        policyholder=clean_name(policyholder),
        line_of_business=line_of_business,
        inception_date=inception_date,
        expiry_date=expiry_date,
        premium=premium,
        deductible=deductible,
        sum_insured=sum_insured,
        recorded_at=recorded_at,
        recorded_by=actor,
        version=1,
        form_token=form_token,
    )
    check_facts(policy)
    db.session.add(policy)
    names = [name for name in POLICY_EDITS if getattr(policy, name) is not None]
    facts = event_facts(policy, names, POLICY_FACTS)
    record(Action.POLICY_RECORDED, Subject.POLICY, number, actor=actor, after=facts)
    db.session.flush()
    return policy


def _check_sent_once(form_token: str | None) -> None:
    """Raise SentTwice when a form has made its policy already."""
    earlier = select(Policy.policy_number).where(Policy.form_token == form_token)
    if form_token and (number := db.session.scalar(earlier)):
        raise SentTwice(number)


def _typed_number(text: str) -> str:
    """Return a typed policy number; raises when it is taken or of the form that the book allots."""
    number = clean_reference(text)
    if is_allotted(number):
        raise PolicyError(
            "Numbers like P-2026-000001 are assigned by the book. Leave the field empty."
        )
    if policy_numbered(number):
        raise PolicyError(f"Policy {number} is already in the book.")
    return number


def edit_policy(
    policy: Policy,
    changes: Mapping[str, Any],
    *,
    seen_version: int,
    actor: str,
    action: Action = Action.POLICY_EDITED,
) -> Policy:
    """Change a policy's facts and keep what they were; a change to the same values keeps nothing.

    `action` is what the trail calls it. Raises ChangedMeanwhile when the policy is no longer at the
    version that the editor saw.
    """
    if unknown := set(changes) - set(POLICY_EDITS):
        raise ValueError(f"not facts of a policy: {sorted(unknown)}")
    policy = locked_policy(policy.id)
    if policy.version != seen_version:
        raise ChangedMeanwhile(f"Policy {policy.policy_number} was changed by somebody else.")
    changed = _changed_facts(policy, changes)
    if not changed:
        return policy
    facts = {name: changed.get(name, getattr(policy, name)) for name in POLICY_FACTS}
    check_facts(Policy(**facts))  # before the row itself is touched: a refused edit leaves no trace
    lock_ledger()
    revision = PolicyRevision(
        policy_id=policy.id,
        replaced_at=_next_revision_instant(policy),
        replaced_by=actor,
        policyholder_changed="policyholder" in changed,
        **{name: getattr(policy, name) for name in POLICY_FACTS},
    )
    before = event_facts(policy, [name for name in POLICY_FACTS if name in changed], POLICY_FACTS)
    for name, value in changed.items():
        setattr(policy, name, value)
    policy.version += 1
    db.session.add(revision)
    number, after = policy.policy_number, event_facts(policy, changed, POLICY_FACTS)
    record(action, Subject.POLICY, number, actor=actor, before=before, after=after)
    db.session.flush()
    return policy


def _changed_facts(policy: Policy, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return those changes that change something, as the policy would keep them."""
    kept = dict(changes)
    if "policyholder" in kept:
        kept["policyholder"] = clean_name(kept["policyholder"])
    return {name: value for name, value in kept.items() if getattr(policy, name) != value}


def cancel_policy(policy: Policy, cancelled_on: date, *, seen_version: int, actor: str) -> Policy:
    """End a policy's cover early: `cancelled_on` is the first day without it.

    Cancelling on the inception date means that the policy never covered anything.
    """
    return edit_policy(
        policy, {"cancelled_on": cancelled_on}, seen_version=seen_version, actor=actor
    )


def _next_revision_instant(policy: Policy) -> datetime:
    """Return now, or the policy's last revision's instant should the clock have been set back."""
    last = db.session.scalar(
        select(func.max(PolicyRevision.replaced_at)).where(PolicyRevision.policy_id == policy.id)
    )
    return max(utc_now(), policy.recorded_at, last or policy.recorded_at)


def check_facts(policy: Policy) -> None:
    """Raise PolicyError when a policy's facts do not fit together, MoneyError for no money."""
    if policy.expiry_date <= policy.inception_date:
        raise PolicyError(
            "The expiry date is the first day without cover: it must be after the inception date."
        )
    amounts = [policy.premium, policy.deductible]
    amounts += [policy.sum_insured] if policy.sum_insured is not None else []
    for amount in amounts:
        to_ore(amount)
    if min(amounts) < 0:
        raise PolicyError("Premium, deductible and sum insured cannot be negative.")
    if max(amounts) > LARGEST_ENTRY:
        raise PolicyError(f"An amount on a policy can be at most {format_money(LARGEST_ENTRY)}.")
    cancelled_on = policy.cancelled_on
    if cancelled_on and not policy.inception_date <= cancelled_on < policy.expiry_date:
        raise PolicyError(
            "A policy can be cancelled from its inception date to the day before its expiry date."
        )
