"""The services that record, edit and cancel a policy."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import select

from flaskr.audit.editing import Editing
from flaskr.audit.models import Action, Subject
from flaskr.audit.services import CHANGED, event_facts, record
from flaskr.book.instants import next_instant
from flaskr.book.services import allot_reference
from flaskr.database.transactions import lock_ledger
from flaskr.errors import SentTwice
from flaskr.extensions import db
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.policies.models import POLICY_EDITS, POLICY_FACTS, Policy, PolicyRevision
from flaskr.policies.queries import locked_policy, policy_by_number
from flaskr.policies.rules import PolicyError, check_policy_facts
from flaskr.values.calendar import utc_now
from flaskr.values.text import clean_name, clean_reference, is_allotted, reference_key

_EDITING = Editing(
    subject=Subject.POLICY,
    number="policy_number",
    revisions=PolicyRevision,
    owner_id="policy_id",
    facts=POLICY_FACTS,
    text="policyholder",
    clean={"policyholder": clean_name},
    trail_facts=partial(event_facts, facts=POLICY_FACTS),
)


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
    """Record a policy under the given number, or else the book's next number.

    Raises PolicyError, MoneyError or TextError when the facts are not valid or the number is taken,
    and SentTwice when the form has created a policy already.
    """
    lock_ledger()
    _check_sent_once(form_token)
    recorded_at = next_instant()
    number = _checked_number(policy_number) if policy_number else allot_reference("P", recorded_at)
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
    check_policy_facts(policy)
    db.session.add(policy)
    names = [name for name in POLICY_EDITS if getattr(policy, name) is not None]
    facts = event_facts(policy, names, POLICY_FACTS)
    record(Action.POLICY_RECORDED, Subject.POLICY, number, actor=actor, after=facts)
    db.session.flush()
    return policy


def _check_sent_once(form_token: str | None) -> None:
    """Raise SentTwice when the form has created a policy already."""
    earlier = select(Policy.policy_number).where(Policy.form_token == form_token)
    if form_token and (number := db.session.scalar(earlier)):
        raise SentTwice(number)


def _checked_number(text: str) -> str:
    """Return a typed policy number; raises PolicyError when it is taken or is one to allot."""
    number = clean_reference(text)
    if is_allotted(number):
        raise PolicyError(
            "Numbers like P-2026-000001 are assigned by the book. Leave the field empty."
        )
    if policy_by_number(number):
        raise PolicyError(f"Policy {number} is already in the book.")
    return number


def edit_policy(
    policy: Policy, changes: Mapping[str, Any], *, seen_version: int, actor: str
) -> Policy:
    """Change a policy's facts and keep the earlier ones in a revision.

    Changes to the same values do nothing. Raises PolicyError when the new facts are not valid,
    ChangedMeanwhile when the policy no longer has the version that the editor saw, and PersonErased
    for a policyholder where the person was erased.
    """
    policy = locked_policy(policy.id)
    changed = _EDITING.changes_of(policy, changes, seen_version)
    if not changed:
        return policy
    facts = {name: changed.get(name, getattr(policy, name)) for name in POLICY_FACTS}
    # before the row itself is touched: a refused edit leaves no trace
    check_policy_facts(Policy(**facts))
    _EDITING.change(policy, changed, actor=actor, action=Action.POLICY_EDITED)
    return policy


def erase_policyholder(policy: Policy, *, actor: str) -> bool:
    """Mark a policy as erased, and blank its policyholder; return whether it had one.

    Where it is marked already nothing is recorded.
    """
    policy = locked_policy(policy.id)
    if policy.erased_at:
        return False
    names = ["policyholder"] if policy.policyholder else []
    _EDITING.keep_facts(policy, names, actor)
    policy.policyholder, policy.erased_at = "", utc_now()
    after = dict.fromkeys(names, CHANGED)
    number = policy.policy_number
    record(Action.PERSON_ERASED, Subject.POLICY, number, actor=actor, after=after)
    return bool(names)


def cancel_policy(policy: Policy, cancelled_on: date, *, seen_version: int, actor: str) -> Policy:
    """Cancel a policy: `cancelled_on` is the first day without cover.

    A policy cancelled on its inception date was never in force.
    """
    return edit_policy(
        policy, {"cancelled_on": cancelled_on}, seen_version=seen_version, actor=actor
    )
