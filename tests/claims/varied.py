"""A small book of varied claims: empty facts, ties, every status and coverage, edits."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle

from flaskr.claims.ledger.services import close_claim, decline_claim, reopen_claim
from flaskr.claims.models import Claim
from flaskr.facts.closed_lists import Cause, Coverage, LineOfBusiness, ReasonCode
from flaskr.policies.models import Policy
from flaskr.policies.services import cancel_policy
from tests.claims.clocks import amend, at, edit
from tests.factories import ACTOR, make_claim, make_policy, pay, recover, reserve

CLAIMS = 24
SETTLED = (5, 6, 10, 13, 21)
DAY = date(2024, 3, 1)
CAUSES = (Cause.WATER, None, Cause.FIRE, Cause.DAMAGE_TO_OTHERS, Cause.WATER)
LOSSES = (DAY, None, DAY - timedelta(days=90), DAY + timedelta(days=1), DAY)
EVENTS = ("STORM-1", "", "", "Å 2")
DESCRIPTIONS = ("ÄLGEN kom", "Läcka 100%", "", "a_b\\c", "eld i ÖREBRO")


def varied_policies() -> list[Policy]:
    with at("2024-04-01T12:00"):
        home = make_policy(policy_number="HÖ-1")
        motor = make_policy(policy_number="m-2", line_of_business=LineOfBusiness.MOTOR)
        short = make_policy(policy_number="H%3", expiry_date=date(2024, 2, 1))
    return [home, motor, short]


def amend_policies(home: Policy, motor: Policy) -> None:
    with at("2024-06-10T12:00"):
        amend(motor, line_of_business=LineOfBusiness.PROPERTY)
        cancel_policy(home, date(2024, 11, 1), seen_version=1, actor=ACTOR)


def varied_claims() -> list[Claim]:
    policies = varied_policies()
    facts = zip(
        range(CLAIMS),
        cycle([*policies, None]),
        cycle(CAUSES),
        cycle(LOSSES),
        cycle(DESCRIPTIONS),
    )
    claims = []
    for number, policy, cause, loss, text in facts:
        with at(f"2024-05-{number + 1:02d}T12:00"):
            reported = None if number % 7 == 3 else date(2024, 4, 20 + number % 3)
            claim = make_claim(
                claim_reference=f"{'ÅäZa'[number % 4]}-{number:02d}",
                policy=policy,
                cause=cause,
                loss_date=loss,
                reported_date=reported,
                description=text,
                event_code=EVENTS[number % 4],
            )
            post_entries(claim, number)
            claims.append(claim)
    amend_policies(*policies[:2])
    with at("2024-06-11T12:00"):
        edit(claims[0], cause=Cause.STORM, event_code="Å 2", loss_date=DAY - timedelta(days=7))
        edit(claims[3], policy_id=claims[1].policy_id)
        reopen_claim(
            claims[6],
            Decimal("70.00"),
            date(2024, 6, 11),
            reason="more came",
            actor=ACTOR,
            reason_code=ReasonCode.OTHER,
        )
    return claims


def last_date(number: int) -> date:
    """The date of a claim's last entry."""
    return date(2024, 5, number + 1)


def post_entries(claim: Claim, number: int) -> None:
    """Reserve, pay and settle a claim, or leave it without entries."""
    day = last_date(number)
    if number % 5 == 4 or claim.coverage is Coverage.NOT_IN_FORCE:
        return
    reserve(claim, f"{1000 * (number % 3 + 1)}.50", day)
    if number % 2:
        pay(claim, f"{100 * (number % 4 + 1)}.25", day)
        recover(claim, "10.00", day) if number % 3 else None
    elif number % 8 == 0:
        decline_claim(claim, day, actor=ACTOR, reason_code=ReasonCode.OTHER)
    if number in SETTLED and claim.status == "open":
        close_claim(claim, day, actor=ACTOR)
