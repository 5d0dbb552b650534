"""The rules of a policy's facts, without a database."""

from flaskr.errors import ClaimBookError
from flaskr.policies.models import Policy
from flaskr.values.as_at import Basis
from flaskr.values.calendar import local_day
from flaskr.values.money import LARGEST_ENTRY, format_money, to_ore


class PolicyError(ClaimBookError):
    """A policy that cannot be recorded, edited or cancelled as asked."""


def check_policy_facts(policy: Policy) -> None:
    """Raise PolicyError when facts contradict one another, MoneyError for an invalid amount."""
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


def why_policy_counts_later(policy: Policy, basis: Basis) -> str:
    """Return a sentence that says from which day a policy counts."""
    if basis is Basis.KNOWN:
        return f"It was recorded on {local_day(policy.recorded_at)}."
    return f"It counts from its inception, {policy.inception_date}."
