from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import close_claim, decline_claim
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode, Status
from flaskr.import_records.models import Import
from flaskr.imports.undo.queries import declined_by, entries_of_import
from flaskr.imports.undo.services import UndoRefused, undo_import, undo_preview
from flaskr.values.calendar import today
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, reserve
from tests.imports.importing import COSTS

pytestmark = pytest.mark.both_databases

FACTS = ("claim_reference", "cause")


def undo(number: int) -> Import:
    record = undo_import(number, reason_code=WRONG_AMOUNT, actor="Eva")
    db.session.commit()
    assert list(disagreements()) == []
    return record


def statuses() -> dict[str, Status]:
    rows = db.session.execute(select(Claim.claim_reference, Claim.status)).all()
    return dict(rows)


def test_a_claim_that_an_import_created_and_its_undo_emptied_is_declined(importing):
    importing.load(COSTS, ("A-1", 100))

    record = undo(1)

    claim = claim_by_reference("A-1")
    *_, adjustment, declined = entries_of(claim)
    assert declined.entry_type is EntryType.CLAIM_DECLINED
    assert declined.reason_code is ReasonCode.IMPORT_UNDONE
    assert (declined.import_id, declined.recorded_by) == (record.id, "Eva")
    assert declined.recorded_at == adjustment.recorded_at == record.recorded_at
    assert (declined.paid, declined.outstanding, declined.recovered) == (0, 0, 0)
    assert declined.state == claim.state
    assert (claim.status, claim.closed_date) == (Status.DECLINED, today())


def test_a_claim_that_was_created_without_amounts_is_declined_by_its_first_entry(importing):
    importing.load(FACTS, ("A-1", "fire"), ("A-2", "water"))

    record = undo(1)

    claim = claim_by_reference("A-2")
    [declined] = entries_of(claim)
    assert (declined.entry_type, claim.status) == (EntryType.CLAIM_DECLINED, Status.DECLINED)
    assert claim.first_transaction_date == claim.last_transaction_date == today()
    assert (record.entries, record.changed, declined_by(record)) == (2, 2, 2)


def test_the_entries_of_an_undo_have_ids_in_a_row_the_declining_ones_last(importing):
    importing.load((*COSTS, "cause"), ("A-1", 100, ""), ("A-2", 0, "fire"), ("A-3", 5, ""))
    shown = undo_preview(db.session.get_one(Import, 1)).size

    record = undo(1)

    kinds = list(
        db.session.scalars(
            select(LedgerEntry.entry_type)
            .where(entries_of_import(record), LedgerEntry.import_id == record.id)
            .order_by(LedgerEntry.id)
        )
    )
    assert kinds == [EntryType.ADJUSTMENT] * 2 + [EntryType.CLAIM_DECLINED] * 3
    assert (shown.claims, shown.adjusted, shown.declined) == (3, 2, 3)
    assert record.outstanding == Decimal("-105.00")


def test_what_was_in_the_book_before_stays_open(importing):
    reserve(make_claim(claim_reference="A-1", policy=make_policy()), "50")
    make_claim(claim_reference="A-2")
    importing.load(COSTS, ("A-1", 100), ("A-2", 30), ("A-3", 7))

    record = undo(1)

    assert statuses() == {
        "A-1": Status.OPEN,
        "A-2": Status.OPEN,
        "A-3": Status.DECLINED,
    }
    assert (record.entries, declined_by(record)) == (4, 1)


def test_a_claim_without_amounts_that_a_person_has_posted_to_stays_open(importing):
    importing.load(FACTS, ("A-1", "fire"), ("A-2", "fire"))
    pay(claim_by_reference("A-1"), "40", today())

    undo(1)

    assert statuses() == {"A-1": Status.OPEN, "A-2": Status.DECLINED}
    assert claim_by_reference("A-1").paid == 40


def test_a_claim_to_which_a_later_import_gave_amounts_stays_until_that_is_undone(importing):
    importing.load(FACTS, ("A-1", "fire"))
    importing.load(COSTS, ("A-1", 100))

    first = undo(1)
    between = statuses()
    undo(2)

    assert (between, declined_by(first)) == ({"A-1": Status.OPEN}, 0)
    assert statuses() == {"A-1": Status.DECLINED}


@pytest.mark.parametrize("settle", [close_claim, decline_claim])
def test_a_claim_that_a_person_has_settled_is_not_undone(importing, settle):
    importing.load(COSTS, ("A-1", 100))
    settle(claim_by_reference("A-1"), today(), actor=ACTOR, reason_code=ReasonCode.NOT_COVERED)
    db.session.commit()

    with pytest.raises(UndoRefused, match="later ledger entries: A-1"):
        undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)


def test_policies_that_an_import_created_stay(importing):
    titles = ("policy_number", "gren", "startdatum", "slutdatum", "premie", "självrisk", "name")
    row = ("F-1", "home", "2024-01-01", "2025-01-01", "12", "1500", "Eva Ek")
    importing.load((*titles[:-1], "policyholder"), row)

    shown = undo_preview(db.session.get_one(Import, 1))
    record = undo(1)

    assert (shown.policies, shown.size.claims, record.entries) == (1, 0, 0)
