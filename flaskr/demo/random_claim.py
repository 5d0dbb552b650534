"""Records one plausible random claim, made with Faker, through the services of claims."""

from datetime import date, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from flaskr.book.periods import open_day
from flaskr.claims.ledger.services import post_payment, set_reserve
from flaskr.claims.models import Claim
from flaskr.claims.services import report_claim
from flaskr.demo.profiles import (
    DESCRIPTIONS,
    LARGEST_LOSS,
    PROFILES,
    TAIL_INDEX,
    TAIL_SHARE,
    Profile,
)
from flaskr.extensions import db
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.policies.models import Policy
from flaskr.policies.queries import policies_in_force
from flaskr.policies.services import record_policy
from flaskr.values.calendar import today
from flaskr.values.money import from_ore

if TYPE_CHECKING:
    from faker import Faker

PROFILES_BY_LINE = {profile.line: profile for profile in PROFILES}
_COMPANY_LINES = (LineOfBusiness.PROPERTY, LineOfBusiness.LIABILITY)
_NEW_POLICY_SHARE = 0.2
_MEAN_DAYS_SINCE_LOSS = 45
_OLDEST_LOSS_DAYS = 300
_SEARCHED_POLICIES = 500  # searched for one in force, however many policies there are


@cache
def swedish_faker() -> "Faker":
    """Return a Faker of Swedish names, cached: creating one takes longer than recording a claim."""
    from faker import Faker

    return Faker("sv_SE", providers=["faker.providers.person", "faker.providers.company"])


def record_random_claim(fake: "Faker", *, actor: str) -> Claim:
    """Record a claim on a policy in force at the loss, with a reserve and up to three payments."""
    day, rng = today(), fake.random
    age = int(rng.expovariate(1 / _MEAN_DAYS_SINCE_LOSS))
    loss_date = day - timedelta(days=min(age, _OLDEST_LOSS_DAYS))
    is_new = rng.random() < _NEW_POLICY_SHARE
    policy = None if is_new else random_policy_in_force(loss_date, rng)
    policy = policy or _record_random_policy(fake, loss_date, actor)
    profile = PROFILES_BY_LINE[policy.line_of_business]
    cause = rng.choices(list(profile.causes), list(profile.causes.values()))[0]
    delay = int(profile.report_days * rng.lognormvariate(0, 1))
    reported_date = min(loss_date + timedelta(days=min(delay, _OLDEST_LOSS_DAYS)), day)
    claim = report_claim(
        loss_date=loss_date,
        reported_date=reported_date,
        cause=cause,
        policy=policy,
        description=rng.choice(DESCRIPTIONS[cause]),
        actor=actor,
    )
    cost = random_cost(profile, rng)
    set_reserve(claim, from_ore(cost), open_day(reported_date), actor=actor)
    _post_random_payments(claim, cost, day, rng, actor)
    return claim


def random_policy_in_force(day: date, rng: Random) -> Policy | None:
    """Return a random policy in force on a date; None when the search finds none.

    It searches ids from a random one, then the newest ids, and never the whole table.
    """
    highest = db.session.scalar(select(func.max(Policy.id))) or 0
    for start in (rng.randint(0, highest), highest - _SEARCHED_POLICIES):
        in_force = policies_in_force(day).where(
            Policy.id.between(start, start + _SEARCHED_POLICIES)
        )
        ids = list(db.session.scalars(in_force.with_only_columns(Policy.id).order_by(Policy.id)))
        if ids:
            return db.session.get(Policy, rng.choice(ids))
    return None


def _record_random_policy(fake: "Faker", loss_date: date, actor: str) -> Policy:
    """Record a policy of a made-up policyholder whose period includes the loss."""
    rng = fake.random
    profile = rng.choices(PROFILES, [profile.share for profile in PROFILES])[0]
    days = 30 if profile.line == LineOfBusiness.TRAVEL else 365
    inception = loss_date - timedelta(days=rng.randrange(days))
    premium = int(profile.premium * rng.lognormvariate(0, 0.35)) * 100
    return record_policy(
        line_of_business=profile.line,
        policyholder=fake.company() if profile.line in _COMPANY_LINES else fake.name(),
        inception_date=inception,
        expiry_date=inception + timedelta(days=days),
        premium=from_ore(premium),
        deductible=from_ore(rng.choice(profile.deductibles) * 100),
        sum_insured=from_ore(premium * 1000) if profile.insures_sum else None,
        actor=actor,
    )


def random_cost(profile: Profile, rng: Random) -> int:
    """Return a random cost in öre: lognormal, for a few claims multiplied by a Pareto variable."""
    kronor = profile.severity * rng.lognormvariate(0, profile.spread)
    if rng.random() < TAIL_SHARE:
        kronor *= rng.paretovariate(TAIL_INDEX)
    return max(int(min(kronor, LARGEST_LOSS) * 100), 100)


def _post_random_payments(claim: Claim, cost: int, day: date, rng: Random, actor: str) -> None:
    """Post up to three payments in order, on dates from the report to `day`; cost is in öre."""
    since_report = (day - claim.reported_date).days if claim.reported_date else 0
    ages = sorted((rng.randint(0, since_report) for _ in range(rng.randrange(4))), reverse=True)
    for age in ages:
        amount = from_ore(max(int(cost * rng.uniform(0.05, 0.4)), 1))
        post_payment(claim, amount, open_day(day - timedelta(days=age)), actor=actor)
