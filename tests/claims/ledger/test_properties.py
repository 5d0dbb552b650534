"""Random actions in random order: the book equals the plain ledger, on either basis."""

from datetime import date, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from flaskr.claims.as_at_queries import Basis, claims_as_at, ledger_totals_as_at, totals_as_at
from flaskr.claims.check.services import disagreements
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.policies.services import edit_policy
from flaskr.values.money import to_ore
from tests.claims.ledger.machine import LedgerMachine, days, policies
from tests.claims.ledger.plain_ledger import STOCKHOLM
from tests.claims.ledger.postings import PostingMachine
from tests.factories import ACTOR

CANCELLED = st.none() | st.dates(date(2024, 3, 20), date(2024, 4, 10))
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "loss": days,
        "reported": days,
        "policy": policies,
        "cause": st.sampled_from(["fire", "water"]),
    },
)
COLUMNS = {"loss": "loss_date", "reported": "reported_date", "cause": "cause"}


class BookMachine(PostingMachine):
    """Edits facts too, and at the end compares both ledgers as at every date that matters."""

    @rule(number=LedgerMachine.claims, changes=EDITS, may_uncover=st.booleans())
    def edit(self, number, changes, may_uncover):
        claim = self.real_claims[number]
        really = {COLUMNS[name]: value for name, value in changes.items() if name in COLUMNS}
        if "policy" in changes:
            sold = changes["policy"]
            really["policy_id"] = None if sold is None else self.real_policies[sold].id
        by = {"seen_version": claim.version, "actor": ACTOR, "may_uncover": may_uncover}
        self.do_both(
            lambda: self.plain.edit(number, changes, self.now, may_uncover),
            lambda: edit_claim(claim, really, **by),
        )

    @rule(which=st.integers(0, 1), cancelled=CANCELLED)
    def cancel(self, which, cancelled):
        policy, plain = self.real_policies[which], self.plain.policies[which]
        if cancelled and not policy.inception_date <= cancelled < policy.expiry_date:
            return
        plain.edit({"cancelled": cancelled}, self.now)
        changes = {"cancelled_on": cancelled}
        edit_policy(policy, changes, seen_version=policy.version, actor=ACTOR)

    def teardown(self):
        try:
            self.compare_as_at_dates()
        finally:
            super().teardown()

    def compare_as_at_dates(self):
        db.session.flush()
        db.session.expire_all()
        assert list(disagreements()) == []
        self.compare_versions()
        last = self.now.astimezone(STOCKHOLM).date() + timedelta(days=1)
        events = {entry.day for ledger in self.plain.ledgers for entry in ledger}
        events |= {
            entry.at.astimezone(STOCKHOLM).date() for of in self.plain.ledgers for entry in of
        }
        events |= {claim.now["reported"] for claim in self.plain.claims} - {None}
        for day in sorted({*events, *(day - timedelta(days=1) for day in events), last}):
            for basis in Basis:
                self.compare_as_at(day, basis)

    def compare_as_at(self, day: date, basis: Basis):
        expected = self.plain.claims_as_at(day, basis.value)
        rows = {row.claim_id: row for row in db.session.execute(claims_as_at(day, basis))}
        numbers = {claim.id: number for number, claim in enumerate(self.real_claims)}
        policy_ids = [None, *(policy.id for policy in self.real_policies)]

        assert {numbers[claim_id] for claim_id in rows} == set(expected)
        for claim_id, row in rows.items():
            facts, cover, sums, _ = expected[numbers[claim_id]]
            sold = -1 if facts["policy"] is None else facts["policy"]
            assert row.policy_id == policy_ids[sold + 1]
            assert [getattr(row, column) for column in COLUMNS.values()] == [
                facts[name] for name in COLUMNS
            ]
            assert (row.coverage, row.status, row.closed_date) == (cover, sums.status, sums.closed)
            balances = tuple(map(to_ore, (row.paid, row.outstanding, row.recovered)))
            assert balances == (sums.paid, sums.outstanding, sums.recovered)
        self.compare_totals(day, basis, expected)

    def compare_versions(self):
        pairs = (*zip(self.real_claims, self.plain.claims, strict=True),)
        pairs += (*zip(self.real_policies, self.plain.policies, strict=True),)
        assert all(real.version == 1 + len(plain.before) for real, plain in pairs)

    def compare_totals(self, day: date, basis: Basis, expected: dict):
        totals = totals_as_at(day, basis)
        sums = [sums for _, _, sums, _ in expected.values()]
        together = tuple(
            sum(getattr(one, name) for one in sums) for name in ("paid", "outstanding", "recovered")
        )

        counted = (totals.claims, totals.entries)
        assert counted == (len(expected), sum(count for *_, count in expected.values()))
        assert tuple(map(to_ore, (totals.paid, totals.outstanding, totals.recovered))) == together
        assert tuple(map(to_ore, ledger_totals_as_at(day, basis))) == together


@pytest.mark.both_databases
@pytest.mark.parametrize("histories", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_every_history_has_the_plain_ledgers_figures_as_at_every_date(shared_app, histories):
    bounds = hypothesis.settings(max_examples=histories, stateful_step_count=40)

    run_state_machine_as_test(lambda: BookMachine(shared_app), settings=bounds)
