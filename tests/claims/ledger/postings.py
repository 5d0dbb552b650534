"""The state machine's postings: each by a service and as entries of the plain ledger."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from flaskr.book.periods import is_live
from flaskr.claims.ledger import services as real
from flaskr.claims.queries import entries_of
from flaskr.closings.services import declare_live
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode
from flaskr.values.money import from_ore
from tests.claims.ledger.machine import LedgerMachine
from tests.claims.ledger.plain_ledger import (
    LIVE,
    RECOVERIES,
    SETTLED,
    STOCKHOLM,
    need,
)
from tests.factories import ACTOR, make_closing

some_ore = st.integers(1, 30_000)
ore = some_ore | st.sampled_from([-1, 0, 10**14 - 1, 10**14])
ago = st.sampled_from([0, 0, 0, 0, 1, 2, -1])
costs = st.sampled_from(["indemnity", "indemnity", "expense"])
codes = st.sampled_from([ReasonCode.NEW_INFORMATION, ReasonCode.OTHER, None])
claims = LedgerMachine.claims


class PostingMachine(LedgerMachine):
    """Every action on a claim's ledger, of either cost type."""

    @rule(back=st.integers(1, 4))
    def close_period(self, back):
        """Close the period that ended some days ago, as the book's own page does."""
        day = self.now.astimezone(STOCKHOLM).date() - timedelta(days=back)
        if day > self.plain.closed_through and len(self.plain.ledgers) > 3:
            self.plain.closed_through = day
            if not is_live():
                declare_live(actor=ACTOR)
            db.session.add(make_closing(day))
            db.session.flush()

    @rule(number=claims, levels=st.lists(some_ore, min_size=1, max_size=3), cost=costs)
    def set_reserves(self, number, levels, cost):
        for level in levels:
            self.reserve(number, level, 0, cost)

    @rule(number=claims, amounts=st.lists(some_ore, min_size=1, max_size=3), cost=costs)
    def pay_bills(self, number, amounts, cost):
        for amount in amounts:
            self.pay(number, amount, 0, cost)

    @rule(number=claims, share=st.integers(1, 4), kind=st.sampled_from(RECOVERIES), cost=costs)
    def recover_or_repay_a_share(self, number, share, kind, cost):
        self.pay(number, 400, 0, cost)
        self.recover(number, self.sums_of(number, cost).paid // share, 0, kind, cost)
        self.repay(number, self.sums_of(number, cost).paid // share, 0, cost)

    @rule(number=claims, level=some_ore, expense=st.sampled_from([0, 0, 700]))
    def settle_and_reopen(self, number, level, expense):
        self.close(number, 0)
        self.reopen(number, level, expense, 0, ReasonCode.LATE_DOCUMENT)

    @rule(number=claims, level=ore, back=ago, cost=costs)
    def reserve(self, number, level, back, cost):
        def entries(sums, ledger):
            need(sums.status in LIVE and level >= 0)
            outstanding = self.sums_of(number, cost).outstanding
            need(not ledger or level != outstanding)
            return [("RESERVE", 0, level - outstanding, 0, cost)]

        self.post(number, back, entries, of_type(real.set_reserve, cost), from_ore(level))

    @rule(number=claims, amount=ore, back=ago, cost=costs)
    def pay(self, number, amount, back, cost):
        def entries(sums, ledger):
            need(sums.status in LIVE and amount > 0)
            covered = min(amount, self.sums_of(number, cost).outstanding)
            return [("PAYMENT", amount, -covered, 0, cost)]

        self.post(number, back, entries, of_type(real.post_payment, cost), from_ore(amount))

    @rule(number=claims, amount=ore, back=ago, cost=costs)
    def repay(self, number, amount, back, cost):
        def entries(sums, ledger):
            need(amount > 0)
            return [("REPAYMENT", -amount, 0, 0, cost)]

        self.post(number, back, entries, of_type(real.post_repayment, cost), from_ore(amount))

    @rule(number=claims, amount=ore, back=ago, kind=st.sampled_from(RECOVERIES), cost=costs)
    def recover(self, number, amount, back, kind, cost):
        def entries(sums, ledger):
            need(amount > 0)
            return [(kind, 0, 0, amount, cost)]

        service = of_type(real.post_recovery, cost)
        self.post(number, back, entries, service, EntryType(kind), from_ore(amount))

    @rule(number=claims, which=st.integers(1, 2), back=ago)
    def reverse(self, number, which, back):
        plain_ledger = self.plain.ledgers[number]
        indexes = range(len(plain_ledger))
        money = [i for i in indexes if not plain_ledger[i].kind.startswith("RESERVE")]
        if not indexes:
            return
        index = [*indexes, *indexes, *money][-which]

        def entries(sums, ledger):
            original = ledger[index]
            need(original.kind in ("PAYMENT", *RECOVERIES))
            need(original.kind != "PAYMENT" or sums.status in LIVE)
            need(all(other.reverses != index for other in ledger))
            moved = (original.paid, original.outstanding, original.recovered)
            return [("REVERSAL", *(-delta for delta in moved), original.cost, index)]

        def service(claim, day, **by):
            return real.reverse_entry(entries_of(claim)[index], day, **by)

        self.post(number, back, entries, service, reason_code=ReasonCode.OTHER)

    @rule(number=claims, back=ago, declines=st.booleans())
    def settle(self, number, back, declines):
        if declines:
            self.decline(number, back)
        else:
            self.close(number, back)

    def releases(self, number, kind):
        """A change for what is reserved for expenses, and the entry that settles the claim."""
        expense = self.sums_of(number, "expense").outstanding
        indemnity = self.sums_of(number, "indemnity").outstanding
        change = [("RESERVE", 0, -expense, 0, "expense")] if expense else []
        return [*change, (kind, 0, -indemnity, 0, "indemnity")]

    def close(self, number, back):
        def entries(sums, ledger):
            need(sums.status in LIVE)
            return self.releases(number, "RESERVE_CLOSE")

        self.post(number, back, entries, real.close_claim)

    def decline(self, number, back):
        def entries(sums, ledger):
            need(sums.status in LIVE and self.sums_of(number, "indemnity").paid == 0)
            return self.releases(number, "CLAIM_DECLINED")

        self.post(number, back, entries, real.decline_claim, reason_code=ReasonCode.NOT_COVERED)

    @rule(number=claims, level=ore, expense=st.sampled_from([0, 0, 5, -1]), back=ago, code=codes)
    def reopen(self, number, level, expense, back, code):
        def entries(sums, ledger):
            need(sums.status in SETTLED and min(level, expense) >= 0 and code is not None)
            more = [("RESERVE", 0, expense, 0, "expense")] if expense else []
            return [("RESERVE_REOPEN", 0, level, 0, "indemnity"), *more]

        def service(claim, reserve, day, **by):
            return real.reopen_claim(claim, reserve, day, from_ore(expense), **by)

        self.post(number, back, entries, service, from_ore(level), reason_code=code)


def of_type(service, cost):
    """A service that posts entries of one cost type."""
    return lambda *what, **by: service(*what, CostType(cost), **by)
