"""A book with a person in it, and the command that erases them."""

from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.ledger.services import post_payment
from tests.factories import ACTOR, make_claim, make_policy, reserve
from tests.privacy.person import NAME, SAID, TEXTS

WHY = ("--reason", "asked by the person")


@pytest.fixture
def insured(session):
    """A policy with two claims, another policy of the same holder, and a claim without a policy."""
    policy = make_policy(policy_number="H-1", policyholder=NAME)
    make_policy(policy_number="H-2", policyholder=NAME)
    make_policy(policy_number="H-3", policyholder="Bo Annan")
    claim = make_claim(policy=policy, claim_reference="W-1", description=SAID)
    reserve(claim, "1000.00")
    post_payment(claim, Decimal("250.00"), date(2024, 4, 1), actor=ACTOR, **TEXTS)
    make_claim(policy=policy, claim_reference="W-2")
    make_claim(claim_reference="W-3", description="Said of nobody's policy")
    session.commit()


@pytest.fixture
def erase(runner, insured):
    """Run the command, check its exit code, and return its output."""

    def run(*arguments: str, fails: bool = False, **options) -> str:
        result = runner.invoke(args=["people", "erase", *arguments, *WHY], **options)
        assert bool(result.exit_code) is fails, result.output
        return result.output

    return run
