from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.book.models import Book
from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.ledger.services import post_payment, set_reserve
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import balances_by_type, claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, EntryType
from flaskr.import_records.models import Import, ImportKind
from flaskr.imports.undo.services import UndoRefused, undo_import, undo_preview
from flaskr.values.calendar import today, utc_now
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, reserve
from tests.imports.importing import COSTS

INDEMNITY, EXPENSE = CostType.INDEMNITY, CostType.EXPENSE
DAY = date(2024, 3, 2)


def pay_expense(claim: Claim, amount: str) -> LedgerEntry:
    return post_payment(claim, Decimal(amount), DAY, EXPENSE, actor=ACTOR)


def record_import(first_entry: int) -> Import:
    """The record of an import of all entries from one on."""
    sums = [func.coalesce(func.sum(getattr(LedgerEntry, name)), 0) for name in BALANCES]
    sent = select(func.count(), *sums).where(LedgerEntry.id >= first_entry)
    count, *amounts = db.session.execute(sent).one()
    record = Import(
        kind=ImportKind.FACTS,
        recorded_at=utc_now(),
        recorded_by=ACTOR,
        created=0,
        changed=count,
        unchanged=0,
        refused=0,
        entries=count,
        first_entry=first_entry,
        **dict(zip(BALANCES, amounts, strict=True)),
    )
    db.session.add(record)
    db.session.commit()
    return record


def undo(record: Import) -> Import:
    undone = undo_import(record.id, reason_code=WRONG_AMOUNT, actor=ACTOR)
    db.session.commit()
    assert list(disagreements()) == []
    return undone


def test_each_cost_type_of_a_claim_gets_an_adjusting_entry(session):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    kept = reserve(claim, "100")
    set_reserve(claim, Decimal("30"), DAY, EXPENSE, actor=ACTOR)
    pay(claim, "40", DAY)
    last = pay_expense(claim, "10")
    record = record_import(kept.id + 1)

    undone = undo(record)

    claim = claim_by_reference("A-1")
    *_, expense, indemnity = entries_of(claim)
    assert (expense.cost_type, indemnity.cost_type) == (EXPENSE, INDEMNITY)
    assert (expense.paid, expense.outstanding) == (Decimal("-10.00"), Decimal("-20.00"))
    assert (indemnity.paid, indemnity.outstanding) == (Decimal("-40.00"), Decimal("40.00"))
    assert (expense.paid_after, expense.outstanding_after) == (Decimal("40.00"), Decimal("60.00"))
    assert indemnity.state == kept.state == claim.state
    assert (indemnity.reverses, expense.reverses) == (last.id - 1, last.id)
    assert {entry.entry_type for entry in (expense, indemnity)} == {EntryType.ADJUSTMENT}
    assert (undone.entries, undone.changed) == (2, 1)
    assert balances_by_type(claim.id, claim.state)[EXPENSE].paid == 0
    assert (claim.first_transaction_date, claim.last_transaction_date) == (DAY, today())


def test_cost_types_that_cancel_out_in_all_are_undone_each(session):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    set_reserve(claim, Decimal("50"), DAY, EXPENSE, actor=ACTOR)
    set_reserve(claim, Decimal("50"), DAY, INDEMNITY, actor=ACTOR)
    kept = pay(claim, "1", DAY)
    set_reserve(claim, Decimal("20"), DAY, EXPENSE, actor=ACTOR)
    set_reserve(claim, Decimal("79"), DAY, INDEMNITY, actor=ACTOR)
    record = record_import(kept.id + 1)

    shown = undo_preview(record)
    undo(record)

    claim = claim_by_reference("A-1")
    by_type = balances_by_type(claim.id, claim.state)
    assert (shown.size.claims, shown.size.entries) == (1, 2)
    assert by_type[EXPENSE].outstanding == Decimal("50.00")
    assert by_type[INDEMNITY].outstanding == Decimal("49.00")


def test_an_undo_that_would_leave_a_cost_type_below_zero_is_refused(importing):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100")
    # As a migration may leave it: indemnity below zero, made up for by the expense.
    last = set_reserve(claim, Decimal("150"), DAY, EXPENSE, actor=ACTOR)
    entry = LedgerEntry(
        claim_id=claim.id,
        entry_type=EntryType.RESERVE_CHANGE,
        cost_type=INDEMNITY,
        transaction_date=DAY,
        recorded_at=last.recorded_at,
        imported_at=last.recorded_at,
        recorded_by=ACTOR,
        paid=Decimal(0),
        outstanding=Decimal("-120"),
        recovered=Decimal(0),
        paid_after=Decimal(0),
        outstanding_after=Decimal("130"),
        recovered_after=Decimal(0),
        status_after=claim.status,
        exceptions="below_zero",
    )
    claim.outstanding = Decimal("130")
    db.session.add(entry)
    db.session.commit()
    importing.load(COSTS, ("A-1", 400))

    with pytest.raises(UndoRefused, match="cost type of these claims below zero: A-1"):
        undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)


def test_an_undo_counts_as_the_books_own_posting(importing):
    importing.load(COSTS, ("A-1", 100))
    db.session.execute(db.update(Book).values(first_posted_at=None))
    db.session.commit()

    undone = undo(db.session.get_one(Import, 1))

    assert db.session.scalar(select(Book.first_posted_at)) == undone.recorded_at
