from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from flaskr.book.models import Counter
from flaskr.book.services import allot_reference
from flaskr.claims.as_at_queries import Basis, claims_as_at, ledger_totals_as_at, totals_as_at
from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.rules import OPEN_STATUSES, State
from flaskr.claims.ledger.services import reopen_claim
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.claims.queries import claim_totals
from flaskr.claims.services import report_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Coverage, EntryType, ReasonCode, Status
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.calendar import day_end, local_day, utc_now
from flaskr.values.money import ZERO
from tests.books import highest_ids
from tests.factories import make_policy

UNTIL = date(2025, 12, 31)


@pytest.fixture(scope="module")
def ledger(filled_app) -> dict[int, LedgerEntry]:
    with filled_app.app_context():
        return {entry.id: entry for entry in db.session.scalars(select(LedgerEntry).order_by("id"))}


@pytest.fixture(scope="module")
def ledgers(ledger) -> dict[int, list[LedgerEntry]]:  # of each claim, in order
    found: dict[int, list[LedgerEntry]] = {}
    for entry in ledger.values():
        found.setdefault(entry.claim_id, []).append(entry)
    return found


@pytest.fixture(scope="module")
def all_claims(filled_app) -> list[Claim]:
    with filled_app.app_context():
        claims = select(Claim).options(joinedload(Claim.policy)).order_by(Claim.id)
        return list(db.session.scalars(claims))


def test_a_demo_book_agrees_with_its_ledger(filled):
    assert list(disagreements()) == []


def test_the_rules_give_the_balances_after_each_entry(ledgers, all_claims):
    left = {}
    for claim_id, entries in ledgers.items():
        state = State()
        for entry in entries:
            state = state.after(entry.entry_type, entry.movement, entry.transaction_date)
            assert entry.state == state
        left[claim_id] = state

    assert all(claim.state == left.get(claim.id, State()) for claim in all_claims)


def test_a_reversal_undoes_an_entry_of_its_own_claim_exactly(ledger):
    reversals = [entry for entry in ledger.values() if entry.reverses]

    assert {entry.entry_type for entry in reversals} == {
        EntryType.PAYMENT_REVERSAL,
        EntryType.RECOVERY_REVERSAL,
    }
    for entry in reversals:
        undone = ledger[entry.reverses]
        assert (undone.claim_id, undone.movement) == (entry.claim_id, -entry.movement)
        assert (undone.entry_type == EntryType.PAYMENT) == (
            entry.entry_type == EntryType.PAYMENT_REVERSAL
        )


def test_a_ledger_begins_with_a_reserve_and_no_change_is_zero(ledgers):
    for entries in ledgers.values():
        assert [entry.entry_type == EntryType.RESERVE_OPEN for entry in entries] == [
            True,
            *[False] * (len(entries) - 1),
        ]
        changes = [e for e in entries if e.entry_type == EntryType.RESERVE_CHANGE]
        assert all(entry.outstanding for entry in changes)


def test_ids_and_instants_have_one_order_and_no_clock_goes_back(filled, ledger, ledgers):
    instants = [entry.recorded_at for entry in ledger.values()]

    assert instants == sorted(instants)
    assert instants[-1] < day_end(UNTIL)
    for entries in ledgers.values():
        days = [entry.transaction_date for entry in entries]
        typed = [entry.recorded_at for entry in entries]
        assert (days, typed) == (sorted(days), sorted(set(typed)))


def test_some_entries_are_recorded_after_their_day_and_none_before(filled, ledger):
    late = [local_day(e.recorded_at) - e.transaction_date for e in ledger.values()]

    assert min(late) == timedelta(0)
    assert 0.1 < sum(bool(days) for days in late) / len(late) < 0.4


def test_some_entries_are_recorded_on_another_day_in_utc(filled, ledger):
    assert any(local_day(e.recorded_at) != e.recorded_at.date() for e in ledger.values())


def test_loss_report_recording_and_entries_come_in_this_order(filled, ledgers, all_claims):
    for claim in all_claims:
        day = local_day(claim.recorded_at)
        assert (claim.loss_date or date.min) <= (claim.reported_date or day) <= day <= UNTIL
        if claim.id in ledgers:
            first = ledgers[claim.id][0]
            assert first.transaction_date >= (claim.reported_date or claim.loss_date or date.min)
            assert first.recorded_at > claim.recorded_at


def test_edited_facts_were_possible_when_entries_were_posted(filled, ledgers, all_claims):
    claim_of = {claim.id: claim for claim in all_claims}
    for revision in filled.scalars(select(ClaimRevision)):
        claim = claim_of[revision.claim_id]
        assert revision.replaced_at > claim.recorded_at
        earliest = revision.reported_date or revision.loss_date or date.min
        assert (revision.loss_date or earliest) <= earliest
        if claim.id in ledgers:
            assert ledgers[claim.id][0].transaction_date >= earliest
        if revision.policy_id and revision.loss_date:
            assert revision.policy_id == claim.policy_id
            assert claim.policy.covers(revision.loss_date)


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("day", [date(2020, 12, 31), date(2023, 6, 30), date(2025, 3, 31), UNTIL])
def test_the_claims_as_at_a_date_add_up_to_the_ledger(filled, basis, day):
    totals = totals_as_at(day, basis)

    assert (totals.paid, totals.outstanding, totals.recovered) == ledger_totals_as_at(day, basis)
    assert totals.paid > totals.recovered > ZERO


def test_the_claims_as_at_the_last_day_are_all_claims(filled):
    now, then = claim_totals(), totals_as_at(UNTIL, Basis.KNOWN)

    assert (then.claims, then.paid, then.outstanding, then.recovered) == (
        now.claims,
        now.paid,
        now.outstanding,
        now.recovered,
    )


def test_the_known_and_the_booked_basis_differ(filled, all_claims):
    day = date(2024, 6, 30)
    known = claims_as_at(day, Basis.KNOWN).subquery()

    then = filled.execute(select(known.c.claim_id, *(known.c[name] for name in CLAIM_FACTS)))

    assert totals_as_at(day, Basis.KNOWN) != totals_as_at(day, Basis.BOOKED)
    now = {claim.id: tuple(getattr(claim, name) for name in CLAIM_FACTS) for claim in all_claims}
    assert any(now[row.claim_id] != row[1:] for row in then)


def test_a_demo_book_has_every_kind_of_claim(filled, ledger, all_claims):
    kinds = {entry.entry_type for entry in ledger.values()}

    not_made = {EntryType.IMPORT_OPENING, EntryType.ADJUSTMENT, EntryType.REPAYMENT}
    assert kinds == set(EntryType) - not_made
    assert {claim.status for claim in all_claims} == set(Status)
    assert {claim.coverage for claim in all_claims} == set(Coverage)
    assert any(claim.status == Status.CLOSED and not claim.paid for claim in all_claims)
    assert any(claim.policy is None for claim in all_claims)
    assert 3.6 < len(ledger) / len(all_claims) < 4.4


def test_a_demo_book_has_every_kind_of_policy(filled):
    policies = list(filled.scalars(select(Policy)))
    changed = list(filled.scalars(select(PolicyRevision)))

    assert any(policy.cancelled_on for policy in policies)
    assert any(policy.inception_date > UNTIL for policy in policies)
    holders = [policy.policyholder for policy in policies]
    assert len(holders) > len(set(holders)) > len(holders) / 5
    assert {edit.policyholder_changed for edit in changed} == {True, False}
    assert all(policy.recorded_at < day_end(UNTIL) for policy in policies)


def test_nothing_is_reserved_or_paid_on_a_loss_that_is_not_covered(all_claims):
    uncovered = [claim for claim in all_claims if claim.coverage == Coverage.NOT_IN_FORCE]

    assert uncovered
    assert all((claim.paid, claim.outstanding) == (ZERO, ZERO) for claim in uncovered)


def test_a_policy_is_recorded_before_its_claims(all_claims):
    assert all(c.policy is None or c.policy.recorded_at < c.recorded_at for c in all_claims)


@pytest.mark.parametrize(
    ("model", "revision", "owner"),
    [
        (Claim, ClaimRevision, ClaimRevision.claim_id),
        (Policy, PolicyRevision, PolicyRevision.policy_id),
    ],
)
def test_versions_count_the_edits_and_edits_are_in_order(filled, model, revision, owner):
    edits = dict(filled.execute(select(owner, func.count()).group_by(owner)).all())
    instants = list(filled.scalars(select(revision.replaced_at).order_by(revision.id)))

    assert all(row.version == 1 + edits.get(row.id, 0) for row in filled.scalars(select(model)))
    assert len(instants) > 5
    assert instants == sorted(instants)
    assert instants[-1] < day_end(UNTIL)


def test_references_are_numbered_by_year_and_continue_after_the_fill(filled, all_claims):
    counted = dict(filled.execute(select(Counter.name, Counter.value)).all())

    assert [claim.claim_reference for claim in all_claims if "2025" in claim.claim_reference] == [
        f"C-2025-{number:06d}" for number in range(1, counted["C-2025"] + 1)
    ]
    for claim in all_claims:
        assert claim.claim_reference[2:6] == f"{local_day(claim.recorded_at).year}"
        assert claim.claim_reference_key == claim.claim_reference.casefold()
    following = allot_reference("C", datetime(2025, 12, 31, 12, tzinfo=UTC))
    assert following == f"C-2025-{counted['C-2025'] + 1:06d}"


def test_a_demo_book_takes_further_entries(filled, ledger, all_claims):
    found = next(c for c in all_claims if c.status == Status.CLOSED and c.policy is None)
    closed = filled.get(Claim, found.id)
    day = utc_now().date() - timedelta(days=1)

    why = {"reason": "A late invoice.", "reason_code": ReasonCode.OTHER}
    entry = reopen_claim(closed, Decimal("10.00"), day, actor="open", **why)
    reported = report_claim(loss_date=day, reported_date=day, policy=make_policy(), actor="open")
    db.session.flush()
    assert entry.id == len(ledger) + 1 == highest_ids()[0]
    assert (closed.status in OPEN_STATUSES, reported.id) == (True, len(all_claims) + 1)
