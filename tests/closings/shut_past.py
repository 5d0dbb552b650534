"""A machine that tries to move the past of a live book with a closed period, in all ways.

Known: amounts, counts and facts as known at the end of a past day. Booked: amounts and status of
each claim in a closed period. What counts when booked may move; what moved must be in the list of
late bookings.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from flaskr.claims.as_at_queries import claims_as_at
from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger import services as ledger
from flaskr.claims.models import Claim
from flaskr.claims.queries import entries_of
from flaskr.closings.queries import closing_through
from flaskr.closings.services import close_period, declare_live
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, CostType, EntryType
from flaskr.policies.models import Policy
from flaskr.policies.row_queries import policy_rows
from flaskr.values.as_at import Basis, Valuation
from flaskr.values.calendar import today
from tests.claims.clocks import amend, at, edit
from tests.closings.books import late_list
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, recover, reserve

CLOSED = date(2024, 12, 31)
PAST = (date(2024, 3, 31), date(2024, 9, 30), CLOSED, date(2025, 6, 30))
MONEY = ("paid", "outstanding", "recovered")
TEXTS = ("description", "policyholder")

numbers = st.integers(0, 30)
amounts = st.integers(1, 500).map(Decimal)
days = st.sampled_from(
    [date(2024, 2, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 7, 1), None]
)
causes = st.sampled_from(Cause)
cost_types = st.sampled_from(CostType)
clocks = st.sampled_from(["", "", "2024-02-01 10:00", "2024-12-31 22:00", "2025-07-01 10:00"])


def known(day: date) -> list[str]:
    """Every claim and policy as known at the end of a day, without texts."""
    selects = (claims_as_at(day, Basis.KNOWN), policy_rows(Valuation(day)))
    return sorted(
        str({name: value for name, value in row.items() if name not in TEXTS})
        for select in selects
        for row in db.session.execute(select).mappings()
    )


@dataclass
class Booked:
    """What is booked at the end of a day: by claim its money and status, by policy its premium."""

    claims: dict[str, tuple[Any, ...]]
    policies: dict[str, Decimal]

    @classmethod
    def at(cls, day: date) -> "Booked":
        claims = {
            row.claim_reference: (
                *(getattr(row, name) for name in MONEY), row.status, row.closed_date,
            )
            for row in db.session.execute(claims_as_at(day, Basis.BOOKED))
        }  # fmt: skip
        policies = db.session.execute(policy_rows(Valuation(day, Basis.BOOKED)))
        return cls(claims, {row.policy_number: row.premium for row in policies})

    def moved(self) -> dict[str, tuple[Any, ...]]:
        """The claims with money or another status than open: those without count with zeros."""
        nothing = (Decimal(0), Decimal(0), Decimal(0), "open", None)
        return {claim: state for claim, state in self.claims.items() if state != nothing}


def fill_and_close() -> None:
    """A live book of 2024 with ten claims, closed at the end of that year."""
    with at("2024-03-02 10:00"):
        policies = [make_policy() for _ in range(5)]
        claims = [make_claim(policy=policies[n % 5]) for n in range(8)]
        claims += [make_claim(loss_date=None, reported_date=None) for _ in range(2)]
        for claim in claims[:6]:
            reserve(claim, "100")
    with at("2024-04-01 10:00"):
        for claim in claims[:4]:
            pay(claim, "40")
        ledger.close_claim(claims[5], date(2024, 4, 1), actor=ACTOR)
        db.session.commit()
    with at("2025-01-20 10:00"):
        declare_live(actor=ACTOR)
        close_period(CLOSED, actor=ACTOR)
        db.session.commit()


class Past:
    """What was known, and what was booked when each period was closed: neither may move."""

    def __init__(self) -> None:
        self.known = {day: known(day) for day in PAST}
        self.booked = {CLOSED: Booked.at(CLOSED)}
        self.outcomes: Counter = Counter()

    def compare(self) -> None:
        for day, before in self.known.items():
            assert known(day) == before
        for day, before in self.booked.items():
            now = Booked.at(day)
            assert now.moved() == before.moved()
            counted = set(now.claims) ^ set(before.claims)
            counted |= {name for name, _ in now.policies.items() ^ before.policies.items()}
            assert counted <= late_names(day)
        assert list(disagreements()) == []


def late_names(day: date) -> set[str]:
    """The claims and policies in the list of a closing."""
    return {name for names in late_list(closing_through(day)).values() for name in names}


class ShutPast(RuleBasedStateMachine):
    """Tries through the services, with the clock right or set back; each step commits."""

    def __init__(self, app: Flask, past: Past) -> None:
        super().__init__()
        self.context = app.app_context()
        self.context.push()
        self.past = past
        self.outcomes = past.outcomes

    def try_to(self, work: Callable[[], object], clock: str = "") -> bool:
        """Do it and commit, or be refused; whether it was done."""
        name = work.__qualname__.split(".")[1]
        try:
            if clock:
                with at(clock):
                    work()
                    db.session.commit()
            else:
                work()
                db.session.commit()
        except ClaimBookError:
            db.session.rollback()
            self.outcomes[name, "refused"] += 1
            return False
        self.outcomes[name, "done"] += 1
        return True

    @staticmethod
    def claim(number: int) -> Claim:
        claims = db.session.scalars(db.select(Claim).order_by(Claim.id)).all()
        return claims[number % len(claims)]

    @rule(n=numbers, amount=amounts, day=days, of=cost_types, clock=clocks)
    def pay(self, n, amount, day, of, clock):
        by = {"actor": ACTOR}
        self.try_to(
            lambda: ledger.post_payment(self.claim(n), amount, day or today(), of, **by), clock
        )

    @rule(n=numbers, amount=amounts, day=days, of=cost_types, clock=clocks)
    def set_reserve(self, n, amount, day, of, clock):
        by = {"actor": ACTOR}
        self.try_to(
            lambda: ledger.set_reserve(self.claim(n), amount, day or today(), of, **by), clock
        )

    @rule(n=numbers, amount=amounts, day=days, clock=clocks)
    def give_back(self, n, amount, day, clock):
        by = {"actor": ACTOR}
        self.try_to(
            lambda: ledger.post_repayment(self.claim(n), amount, day or today(), **by), clock
        )
        self.try_to(lambda: recover(self.claim(n), str(amount), day or today()), clock)

    @rule(n=numbers, day=days, clock=clocks)
    def reverse(self, n, day, clock):
        kinds = (EntryType.PAYMENT, EntryType.RECOVERY_SALVAGE)
        entries = [entry for entry in entries_of(self.claim(n)) if entry.entry_type in kinds]
        db.session.rollback()
        by = {"actor": ACTOR, "reason_code": WRONG_AMOUNT}
        for entry in entries[:1]:
            self.try_to(lambda: ledger.reverse_entry(entry, day or today(), **by), clock)  # noqa: B023

    @rule(n=numbers, day=days, how=st.sampled_from(["close", "decline", "reopen"]), clock=clocks)
    def settle(self, n, day, how, clock):
        by = {"actor": ACTOR, "reason_code": WRONG_AMOUNT}
        work = {
            "close": lambda: ledger.close_claim(self.claim(n), day or today(), **by),
            "decline": lambda: ledger.decline_claim(self.claim(n), day or today(), **by),
            "reopen": lambda: ledger.reopen_claim(self.claim(n), Decimal(5), day or today(), **by),
        }
        self.try_to(work[how], clock)

    @rule(loss=days, reported=days, clock=clocks, has_reserve=st.booleans())
    def report(self, loss, reported, clock, has_reserve):
        def work():
            claim = make_claim(loss_date=loss, reported_date=reported)
            if has_reserve:
                reserve(claim, "10", reported or today())

        self.try_to(work, clock)

    @rule(inception=days, clock=clocks)
    def record_policy(self, inception, clock):
        first = inception or today()
        expiry = first + timedelta(days=365)
        self.try_to(lambda: make_policy(inception_date=first, expiry_date=expiry), clock)

    @rule(n=numbers, cause=causes, loss=days, reported=days, clock=clocks)
    def edit_claim(self, n, cause, loss, reported, clock):
        facts = {"cause": cause, "loss_date": loss, "reported_date": reported}
        self.try_to(lambda: edit(self.claim(n), description=cause.value, **facts), clock)

    @rule(n=numbers, inception=days, premium=amounts, clock=clocks)
    def edit_policy(self, n, inception, premium, clock):
        first = inception or today()
        facts = {"inception_date": first, "expiry_date": first + timedelta(days=365)}

        def work():
            policies = db.session.scalars(db.select(Policy).order_by(Policy.id)).all()
            amend(policies[n % len(policies)], premium=premium, **facts)

        self.try_to(work, clock)

    @rule(day=days, clock=clocks)
    def close_period(self, day, clock):
        day = day or today()
        if self.try_to(lambda: close_period(day, actor=ACTOR), clock):
            self.past.booked[day] = Booked.at(day)
            db.session.rollback()

    def teardown(self):
        try:
            self.past.compare()
        finally:
            db.session.rollback()
            self.context.pop()
