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

from flaskr.claims.models import Claim
from flaskr.claims.queries import balances_by_type
from flaskr.claims.services import report_claim
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.values.money import to_ore
from tests.claims.ledger.plain_ledger import (
    STOCKHOLM,
    PlainBook,
    PlainEntry,
    PlainFacts,
    Refused,
    fold,
)
from tests.factories import ACTOR, make_policy

START = datetime(2024, 3, 29, 21, tzinfo=UTC)  # two days before the clocks of Stockholm change
INCEPTION, BETWEEN, EXPIRY = date(2024, 1, 1), date(2024, 4, 1), date(2024, 5, 1)

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
            with pytest.raises(ClaimBookError), db.session.begin_nested():
                really()
            return False
        really()
        return True

    def sums_of(self, number, cost):
        """The sums of one cost type of a claim."""
        return fold([entry for entry in self.plain.ledgers[number] if entry.cost == cost])

    def post(self, number, back, make_entries, service, *what, **by):
        """Post what `make_entries(sums, ledger)` returns: entries without their day and instant."""
        claim, ledger = self.real_claims[number], self.plain.ledgers[number]
        day = self.now.astimezone(STOCKHOLM).date() - timedelta(days=back)

        def plainly():
            for kind, *moved in make_entries(fold(ledger), ledger):
                self.plain.post(number, PlainEntry(kind, day, self.now, *moved))

        before = [*ledger]
        if not self.do_both(plainly, lambda: service(claim, *what, day, actor=ACTOR, **by)):
            ledger[:] = before
        self.compare_balances(claim, ledger)

    def compare_balances(self, claim, ledger):
        """The claim and its cost types have the sums of the plain ledger."""
        sums = fold(ledger)
        assert in_ore(claim) == (sums.paid, sums.outstanding, sums.recovered)
        assert (claim.status, claim.closed_date) == (sums.status, sums.closed)
        days = [entry.day for entry in ledger]
        ends = (min(days), max(days), ledger[-1].at) if ledger else (None, None, None)
        stored = (claim.first_transaction_date, claim.last_transaction_date, claim.last_recorded_at)
        assert stored == ends
        for cost_type, balances in balances_by_type(claim.id, claim.state).items():
            of_type = fold([entry for entry in ledger if entry.cost == cost_type.value])
            assert in_ore(balances) == (of_type.paid, of_type.outstanding, of_type.recovered)

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


def in_ore(balances):
    """The paid, outstanding and recovered amounts, in whole öre."""
    return tuple(map(to_ore, (balances.paid, balances.outstanding, balances.recovered)))
