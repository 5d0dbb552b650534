from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from flaskr.book import Counter, allot_reference
from flaskr.calendar import day_end, local_day, utc_now
from flaskr.claims.cut_queries import Basis, claims_as_at, ledger_totals_as_at, totals_as_at
from flaskr.claims.ledger_services import reopen_claim
from flaskr.claims.models import Claim, ClaimRevision, Coverage, LedgerEntry
from flaskr.claims.queries import watermark
from flaskr.claims.rules import LIVE, EntryType, State, Status
from flaskr.claims.services import report_claim
from flaskr.extensions import db
from flaskr.policies.models import Policy, PolicyRevision
from tests.factories import make_policy

UNTIL = date(2025, 12, 31)
SMALL = ("--policies", "500", "--claims", "3000")
TABLES = ("policies", "policy_revisions", "claims", "claim_revisions", "ledger_entries", "counters")


def fill(runner, *options: str):
    result = runner.invoke(args=["demo", "fill", *(options or SMALL)])
    assert result.exit_code == 0, result.output
    return result


def entries() -> list[LedgerEntry]:
    return list(db.session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))


def entries_by_claim() -> dict[int, list[LedgerEntry]]:
    ledger: dict[int, list[LedgerEntry]] = {}
    for entry in entries():
        ledger.setdefault(entry.claim_id, []).append(entry)
    return ledger


def whole_book() -> dict[str, list[tuple]]:
    return {
        table: [tuple(row) for row in db.session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]
        for table in TABLES
    }


def test_a_filled_book_agrees_with_its_ledger(runner):
    fill(runner)

    result = runner.invoke(args=["claims", "check"])

    assert (result.exit_code, result.output) == (0, "The book agrees with its ledger.\n")


def test_the_rules_give_the_same_balances_as_the_book(runner, session):
    fill(runner)

    for claim_entries in entries_by_claim().values():
        state = State()
        for entry in claim_entries:
            state = state.after(entry.entry_type, entry.movement, entry.transaction_date)
            assert entry.state == state


def test_a_reversal_undoes_an_entry_of_its_own_claim_exactly(runner, session):
    fill(runner)
    ledger = {entry.id: entry for entry in entries()}

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


def test_ids_and_instants_have_one_order_and_no_clock_goes_back(runner, session):
    fill(runner)
    ledger = entries()

    assert all(a.recorded_at <= b.recorded_at for a, b in zip(ledger, ledger[1:], strict=False))
    assert all(entry.transaction_date <= local_day(entry.recorded_at) for entry in ledger)
    assert any(entry.transaction_date < local_day(entry.recorded_at) for entry in ledger)
    assert ledger[-1].recorded_at < day_end(UNTIL)
    for claim_entries in entries_by_claim().values():
        pairs = list(zip(claim_entries, claim_entries[1:], strict=False))
        assert all(a.transaction_date <= b.transaction_date for a, b in pairs)
        assert all(a.recorded_at < b.recorded_at for a, b in pairs)


def test_no_entry_is_before_the_report_nor_a_claim_recorded_after_its_entries(runner, session):
    fill(runner)
    first = {claim_id: ledger[0] for claim_id, ledger in entries_by_claim().items()}

    for claim in db.session.scalars(select(Claim)):
        day = local_day(claim.recorded_at)
        assert (claim.loss_date or day) <= (claim.reported_date or day) <= day
        if claim.id in first:
            earliest = claim.reported_date or claim.loss_date or date.min
            assert first[claim.id].transaction_date >= earliest
            assert first[claim.id].recorded_at > claim.recorded_at


@pytest.mark.parametrize("basis", Basis)
def test_the_claims_of_a_cut_add_up_to_its_ledger(runner, session, basis):
    fill(runner)

    for day in (date(2020, 12, 31), date(2023, 6, 30), date(2025, 3, 31), UNTIL):
        totals = totals_as_at(day, basis)
        sums = ledger_totals_as_at(day, basis)
        assert (totals.paid, totals.outstanding, totals.recovered) == sums
        assert totals.paid > totals.recovered > 0


def test_what_was_known_and_what_is_booked_differ(runner, session):
    fill(runner)
    day = date(2024, 6, 30)

    assert totals_as_at(day, Basis.KNOWN) != totals_as_at(day, Basis.BOOKED)
    facts = (Claim.cause, Claim.loss_date, Claim.reported_date, Claim.policy_id)
    names = [fact.key for fact in facts]
    known = claims_as_at(day, Basis.KNOWN).subquery()
    now = {row.id: row[1:] for row in db.session.execute(select(Claim.id, *facts))}
    then = db.session.execute(select(known.c.claim_id, *(known.c[name] for name in names)))
    assert any(now[row.claim_id] != row[1:] for row in then)


def test_every_kind_of_claim_is_in_the_book(runner, session):
    fill(runner)
    kinds = set(db.session.scalars(select(LedgerEntry.entry_type)))
    rows = db.session.scalars(claims_with_policies()).all()

    assert kinds == set(EntryType) - {EntryType.IMPORT_OPENING, EntryType.ADJUSTMENT}
    assert {claim.status for claim in rows} == set(Status)
    assert {claim.coverage for claim in rows} == set(Coverage)
    assert any(claim.status == Status.CLOSED and not claim.paid for claim in rows)
    assert 3.5 < len(entries()) / len(rows) < 4.5
    assert db.session.scalar(select(func.count()).select_from(ClaimRevision)) > 5
    assert db.session.scalar(select(func.count()).select_from(PolicyRevision)) > 5
    assert {0, 1} == {policy.cancelled_on is None for policy in db.session.scalars(select(Policy))}


def claims_with_policies():
    from flaskr.claims.queries import claims

    return claims()


def test_nothing_is_reserved_or_paid_on_a_loss_that_is_not_covered(runner, session):
    fill(runner)
    uncovered = [
        claim
        for claim in db.session.scalars(claims_with_policies())
        if claim.coverage == Coverage.NOT_IN_FORCE
    ]

    assert uncovered
    for claim in uncovered:
        assert (claim.paid, claim.outstanding) == (Decimal("0.00"), Decimal("0.00"))


def test_a_policy_is_recorded_before_its_claims(runner, session):
    fill(runner)

    for claim in db.session.scalars(claims_with_policies()):
        assert claim.policy is None or claim.policy.recorded_at < claim.recorded_at


def test_versions_count_the_edits_and_edits_are_in_order(runner, session):
    fill(runner)

    for model, revision, owner in (
        (Claim, ClaimRevision, ClaimRevision.claim_id),
        (Policy, PolicyRevision, PolicyRevision.policy_id),
    ):
        edits = dict(db.session.execute(select(owner, func.count()).group_by(owner)).all())
        for row in db.session.scalars(select(model)):
            assert row.version == 1 + edits.get(row.id, 0)
        instants = list(db.session.scalars(select(revision.replaced_at).order_by(revision.id)))
        assert instants == sorted(instants)
        assert instants[-1] < day_end(UNTIL)


def test_the_same_seed_gives_the_same_book_and_another_seed_another(app, runner, session):
    from flaskr.demo.arrow_tables import book_tables
    from flaskr.demo.made_book import make_book

    def rows(seed: int) -> dict[str, list]:
        tables = book_tables(make_book(300, 1000, seed, UNTIL))
        return {table.name: list(table.batches()) for table in tables}

    fill(runner, "--policies", "300", "--claims", "1000")
    kept = whole_book()

    assert rows(7) == rows(7)
    assert rows(7) != rows(8)
    assert {name: len(kept[name]) for name in rows(7)} == {
        name: sum(batch.num_rows for batch in batches) for name, batches in rows(7).items()
    }


def test_references_go_on_where_the_book_ended(runner, session):
    fill(runner)
    counted = dict(db.session.execute(select(Counter.name, Counter.value)).all())

    last = db.session.scalar(select(Claim).order_by(Claim.id.desc()).limit(1))

    assert last.claim_reference == f"C-2025-{counted['C-2025']:06d}"
    assert last.claim_reference_key == last.claim_reference.casefold()
    following = allot_reference("C", datetime(2025, 12, 31, 12, tzinfo=UTC))
    assert following == f"C-2025-{counted['C-2025'] + 1:06d}"


def test_a_filled_book_can_be_worked_on(runner, session):
    fill(runner)
    claim = db.session.scalar(
        select(Claim)
        .where(Claim.status == Status.CLOSED, Claim.policy_id.is_(None))
        .order_by(Claim.id)
        .limit(1)
    )
    day = utc_now().date() - timedelta(days=1)

    entry = reopen_claim(claim, Decimal("10.00"), day, reason="A further invoice.", actor="open")
    reported = report_claim(loss_date=day, reported_date=day, policy=make_policy(), actor="open")
    db.session.flush()

    assert entry.id == watermark()[0]
    assert (claim.status in LIVE, reported.id) == (True, 3001)


def test_only_an_empty_book_is_filled(runner, session):
    make_policy()
    db.session.commit()

    result = runner.invoke(args=["demo", "fill", *SMALL])

    assert result.exit_code == 1
    assert "Only an empty book can be filled" in result.output
    assert watermark() == (0, 0, 1, 0, 0)


def test_a_book_that_reaches_today_is_refused(runner, session):
    tomorrow = (utc_now() + timedelta(days=2)).date().isoformat()

    result = runner.invoke(args=["demo", "fill", *SMALL, "--until", tomorrow])

    assert result.exit_code == 1
    assert "before today" in result.output
    assert not any(watermark())


def test_policies_without_claims_and_one_policy_with_one_claim_are_books_too(runner, session):
    fill(runner, "--policies", "1", "--claims", "1", "--until", "2024-02-29")

    assert watermark()[1:3] == (1, 1)


def test_policies_without_claims_are_a_book_too(runner, session):
    fill(runner, "--policies", "10", "--claims", "0")

    assert watermark()[:3] == (0, 0, 10)
