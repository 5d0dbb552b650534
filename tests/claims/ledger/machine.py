"""A state machine that applies the same actions to the book and to the plain ledger.

Either both refuse an action or neither does.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
)

from flaskr.claims.ledger import services as real
from flaskr.claims.models import Claim
from flaskr.claims.queries import entries_of
from flaskr.claims.services import report_claim
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, EntryType, ReasonCode
from flaskr.values.money import from_ore, to_ore
from tests.claims.ledger.plain_ledger import (
    LIVE,
    RECOVERIES,
    SETTLED,
    STOCKHOLM,
    PlainBook,
    PlainEntry,
    PlainFacts,
    Refused,
    fold,
    need,
)
from tests.factories import ACTOR, make_policy

START = datetime(2024, 3, 29, 21, tzinfo=UTC)  # two days before the clocks of Stockholm change
INCEPTION, BETWEEN, EXPIRY = date(2024, 1, 1), date(2024, 4, 1), date(2024, 5, 1)

some_ore = st.integers(1, 30_000)
ore = some_ore | st.sampled_from([-1, 0, 10**14 - 1, 10**14])
ago = st.sampled_from([0, 0, 0, 0, 1, 2, -1])
days = st.none() | st.dates(date(2024, 3, 25), date(2024, 4, 3))
policies = st.none() | st.integers(0, 1)


class LedgerMachine(RuleBasedStateMachine):
    """Two consecutive policies, and random actions on claims with and without a policy."""

    claims = Bundle("claims")

    def __init__(self, app):
        super().__init__()
        self.context = app.app_context()
        self.context.push()
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.now = START
        self.plain = PlainBook()
        self.real_claims: list[Claim] = []
        self.real_policies = [
            make_policy(inception_date=first, expiry_date=last)
            for first, last in ((INCEPTION, BETWEEN), (BETWEEN, EXPIRY))
        ]
        for p in self.real_policies:
            facts = {"inception": p.inception_date, "expiry": p.expiry_date, "cancelled": None}
            self.plain.policies.append(PlainFacts(facts, START))

    def teardown(self):
        db.session.rollback()
        self.travel.stop()
        self.context.pop()

    def do_both(self, plainly, really) -> bool:
        """Do it in the plain ledger and in the book, which must agree; whether it was allowed."""
        try:
            plainly()
        except Refused:
            with pytest.raises(ClaimBookError):
                really()
            return False
        really()
        return True

    def post(self, number, back, make_entry, service, *what, **by):
        """Post what `make_entry(sums, ledger)` returns: type, deltas, and the entry to reverse."""
        claim, ledger = self.real_claims[number], self.plain.ledgers[number]
        day = self.now.astimezone(STOCKHOLM).date() - timedelta(days=back)

        def plainly():
            kind, *moved = make_entry(fold(ledger), ledger)
            self.plain.post(number, PlainEntry(kind, day, self.now, *moved))

        self.do_both(plainly, lambda: service(claim, *what, day, actor=ACTOR, **by))
        sums = fold(ledger)
        balances = tuple(map(to_ore, (claim.paid, claim.outstanding, claim.recovered)))
        assert balances == (sums.paid, sums.outstanding, sums.recovered)
        assert (claim.status, claim.closed_date) == (sums.status, sums.closed)
        last = (ledger[-1].day, ledger[-1].at) if ledger else (None, None)
        assert (claim.last_transaction_date, claim.last_recorded_at) == last

    @rule(hours=st.integers(1, 40), minutes=st.sampled_from([0, 59]))
    def let_time_pass(self, hours, minutes):
        self.now += timedelta(hours=hours, minutes=minutes)
        self.clock.move_to(self.now, tick=False)

    @rule(target=claims, loss=days, reported=days, policy=policies)
    @precondition(lambda self: len(self.real_claims) < 5)
    def report(self, loss, reported, policy):
        facts = {"loss": loss, "reported": reported, "policy": policy, "cause": "water"}
        really = {
            "loss_date": loss,
            "reported_date": reported,
            "policy": None if policy is None else self.real_policies[policy],
            "cause": Cause.WATER,
        }
        is_allowed = self.do_both(
            lambda: self.plain.report(facts, self.now),
            lambda: self.real_claims.append(report_claim(**really, actor=ACTOR)),
        )
        return len(self.real_claims) - 1 if is_allowed else multiple()

    @initialize(target=claims)
    def begin(self):
        """Three claims that most actions are allowed on: two on a policy, one without."""
        loss = date(2024, 3, 25)
        return multiple(*(self.report(loss, loss, policy) for policy in (0, 0, None)))

    @rule(number=claims, levels=st.lists(some_ore, min_size=1, max_size=3))
    def set_reserves(self, number, levels):
        for level in levels:
            self.reserve(number, level, 0)

    @rule(number=claims, amounts=st.lists(some_ore, min_size=1, max_size=3))
    def pay_bills(self, number, amounts):
        for amount in amounts:
            self.pay(number, amount, 0)

    @rule(number=claims, share=st.integers(1, 4), kind=st.sampled_from(RECOVERIES))
    def recover_a_share(self, number, share, kind):
        self.pay(number, 400, 0)
        sums = fold(self.plain.ledgers[number])
        self.recover(number, (sums.paid - sums.recovered) // share, 0, kind)

    @rule(number=claims, level=some_ore)
    def settle_and_reopen(self, number, level):
        self.close(number, 0)
        self.reopen(number, level, 0, "late")

    @rule(number=claims, level=ore, back=ago)
    def reserve(self, number, level, back):
        def entry(sums, ledger):
            need(sums.status in LIVE and level >= 0)
            need(not ledger or level != sums.outstanding)
            return "RESERVE", 0, level - sums.outstanding, 0

        self.post(number, back, entry, real.set_reserve, from_ore(level))

    @rule(number=claims, amount=ore, back=ago)
    def pay(self, number, amount, back):
        def entry(sums, ledger):
            need(sums.status in LIVE and amount > 0)
            return "PAYMENT", amount, -min(amount, sums.outstanding), 0

        self.post(number, back, entry, real.post_payment, from_ore(amount))

    @rule(number=claims, amount=ore, back=ago, kind=st.sampled_from(RECOVERIES))
    def recover(self, number, amount, back, kind):
        def entry(sums, ledger):
            need(amount > 0)
            return kind, 0, 0, amount

        self.post(number, back, entry, real.post_recovery, EntryType(kind), from_ore(amount))

    @rule(number=claims, which=st.integers(1, 2), back=ago)
    def reverse(self, number, which, back):
        plain_ledger = self.plain.ledgers[number]
        indexes = range(len(plain_ledger))
        money = [i for i in indexes if not plain_ledger[i].kind.startswith("RESERVE")]
        if not indexes:
            return
        index = [*indexes, *indexes, *money][-which]

        def entry(sums, ledger):
            original = ledger[index]
            need(original.kind in ("PAYMENT", *RECOVERIES))
            need(original.kind != "PAYMENT" or sums.status in LIVE)
            need(all(other.reverses != index for other in ledger))
            return "REVERSAL", -original.paid, -original.outstanding, -original.recovered, index

        def service(claim, day, actor):
            return real.reverse_entry(
                entries_of(claim)[index], day, actor=actor, reason_code=ReasonCode.OTHER
            )

        self.post(number, back, entry, service)

    @rule(number=claims, back=ago, declines=st.booleans())
    def settle(self, number, back, declines):
        if declines:
            self.decline(number, back)
        else:
            self.close(number, back)

    def close(self, number, back):
        def entry(sums, ledger):
            need(sums.status in LIVE)
            return "RESERVE_CLOSE", 0, -sums.outstanding, 0

        self.post(number, back, entry, real.close_claim)

    def decline(self, number, back):
        def entry(sums, ledger):
            need(sums.status in LIVE and sums.paid == 0)
            return "CLAIM_DECLINED", 0, -sums.outstanding, 0

        self.post(number, back, entry, real.decline_claim)

    @rule(number=claims, level=ore, back=ago, reason=st.sampled_from(["court", "late", " "]))
    def reopen(self, number, level, back, reason):
        def entry(sums, ledger):
            need(sums.status in SETTLED and level >= 0 and bool(reason.strip()))
            return "RESERVE_REOPEN", 0, level, 0

        self.post(number, back, entry, real.reopen_claim, from_ore(level), reason=reason)
