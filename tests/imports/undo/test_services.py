from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import reopen_claim
from flaskr.claims.models import Claim, ClaimRevision
from flaskr.claims.queries import claim_by_reference, claim_totals, entries_of
from flaskr.claims.services import edit_claim
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, EntryType, ReasonCode, Status
from flaskr.import_records.models import Import, ImportKind
from flaskr.import_records.queries import loadings_of
from flaskr.imports.undo.services import UndoRefused, undo_import, undo_preview
from flaskr.policies.queries import policy_by_number
from flaskr.values.calendar import today
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, reserve
from tests.imports.importing import COSTS, GOLDEN, load_files

pytestmark = pytest.mark.both_databases

FACTS = ("claim_reference", "cause", "loss_date", "claim_cost")


def undo(number: int) -> Import:
    record = undo_import(number, reason_code=WRONG_AMOUNT, actor="Eva")
    db.session.commit()
    assert list(disagreements()) == []
    return record


def test_an_undo_posts_one_adjusting_entry_on_each_claim(importing):
    importing.load(COSTS, ("A-1", 100), ("A-2", "20.50"))

    record = undo(1)

    claim = claim_by_reference("A-2")
    opening, adjustment, declined = entries_of(claim)
    assert claim_totals().claim_cost == 0
    assert (adjustment.entry_type, adjustment.outstanding) == (
        EntryType.ADJUSTMENT,
        -opening.paid_after - Decimal("20.50"),
    )
    assert (adjustment.reverses, adjustment.recorded_by) == (opening.id, "Eva")
    assert adjustment.reason_code is ReasonCode.IMPORT_UNDONE
    assert record.reason_code is WRONG_AMOUNT
    assert (record.kind, record.undoes, record.entries) == (ImportKind.UNDO, 1, 4)
    assert (record.first_entry, record.outstanding) == (3, Decimal("-120.50"))
    assert (claim.last_transaction_date, claim.last_recorded_at) == (
        declined.transaction_date,
        adjustment.recorded_at,
    )


def test_entries_can_be_posted_after_an_undo(importing):
    importing.load(COSTS, ("A-1", 100))
    undo(1)

    why = {"reason_code": ReasonCode.NEW_INFORMATION, "actor": ACTOR}
    entry = reopen_claim(claim_by_reference("A-1"), Decimal("7"), today(), **why)
    db.session.commit()

    assert entry.id == 4


def test_a_file_whose_import_was_undone_can_be_loaded_again(importing):
    rows = (COSTS, ("A-1", 100))
    found = importing.load(*rows).files[0]
    undo(1)

    again = importing.load(*rows)

    assert [record.id for record in loadings_of(found.sha256)] == [3]
    assert again.count("changed") == 1
    assert claim_totals().claim_cost == 100


def test_an_undo_restores_the_balances_of_claims(importing):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100")
    pay(claim, "40")
    importing.load(COSTS, ("A-1", 130))

    undo(1)

    claim = claim_by_reference("A-1")
    assert (claim.paid, claim.outstanding) == (Decimal("40.00"), Decimal("60.00"))


def test_an_import_with_later_entries_is_not_undone(importing):
    importing.load(COSTS, ("A-1", 100), ("A-2", 100))
    pay(claim_by_reference("A-2"), "40", today())
    db.session.commit()

    with pytest.raises(UndoRefused, match="have later ledger entries: A-2. Correct"):
        undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)


def test_an_undo_and_an_undone_import_cannot_be_undone(importing):
    importing.load(COSTS, ("A-1", 100))
    undo(1)

    with pytest.raises(UndoRefused, match="already undone, by import 2"):
        undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)
    db.session.rollback()
    with pytest.raises(UndoRefused, match="itself an undo"):
        undo_import(2, reason_code=WRONG_AMOUNT, actor=ACTOR)


def test_facts_that_an_import_edited_are_restored_by_a_further_edit(importing):
    make_claim(claim_reference="A-1", cause=Cause.FIRE)
    importing.load(FACTS, ("A-1", "water", "2024-02-28", 0), ("A-2", "theft", "2024-01-01", 5))
    assert claim_by_reference("A-1").cause is Cause.WATER

    undo(1)

    claim = claim_by_reference("A-1")
    first, second = db.session.scalars(select(ClaimRevision).order_by(ClaimRevision.id))
    assert (claim.cause, claim.loss_date, claim.version) == (Cause.FIRE, date(2024, 3, 1), 3)
    assert (first.cause, second.cause) == (Cause.FIRE, Cause.WATER)
    assert (first.import_id, second.import_id) == (1, 2)
    assert claim_by_reference("A-2").cause is Cause.THEFT


def test_an_import_whose_facts_were_edited_later_is_not_undone(importing):
    make_claim(claim_reference="A-1", cause=Cause.FIRE)
    importing.load(FACTS[:3], ("A-1", "water", "2024-02-28"))
    edit_claim(claim_by_reference("A-1"), {"cause": Cause.STORM}, seen_version=2, actor=ACTOR)
    db.session.commit()

    with pytest.raises(UndoRefused, match="claims were edited later: A-1"):
        undo_import(1, reason_code=WRONG_AMOUNT, actor=ACTOR)


def test_an_undo_restores_the_facts_of_policies_and_leaves_their_names(importing):
    make_policy(policy_number="F-1", premium=Decimal("10"), policyholder="Åsa Öberg")
    titles = (
        "policy_number",
        "gren",
        "startdatum",
        "slutdatum",
        "premie",
        "självrisk",
        "policyholder",
    )
    importing.load(titles, ("F-1", "home", "2024-01-01", "2025-01-01", "12", "1500", "Eva Ek"))
    assert undo_preview(db.session.get_one(Import, 1)).free_texts == 1

    undo(1)

    policy = policy_by_number("F-1")
    assert (policy.premium, policy.policyholder) == (Decimal("10.00"), "Eva Ek")


def test_a_migration_is_undone_with_one_entry_on_each_claim_with_amounts(session):
    load_files(*GOLDEN, is_migration=True)

    shown = undo_preview(db.session.get_one(Import, 1))
    record = undo(1)

    totals = claim_totals()
    assert (totals.paid, totals.outstanding, totals.recovered) == (0, 0, 0)
    assert shown.size.adjusted == shown.size.adjustments == 5
    assert record.entries == 5 + shown.size.declined
    left = set(db.session.scalars(select(Claim.status)))
    assert left == {Status.CLOSED, Status.DECLINED}


@pytest.mark.parametrize("reason_code", [None, ReasonCode.MIGRATED])
def test_an_undo_needs_a_reason_that_a_person_can_choose(importing, reason_code):
    importing.load(COSTS, ("A-1", 100))

    with pytest.raises(ClaimBookError, match="Choose a reason") as refused:
        undo_import(1, reason_code=reason_code, actor=ACTOR)

    assert refused.value.status == 422
