from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import decline_claim, reopen_claim
from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode, Status
from flaskr.import_records.models import Import
from flaskr.imports.undo.queries import declined_by
from flaskr.imports.undo.services import undo_import
from flaskr.values.calendar import today
from tests.factories import ACTOR, WRONG_AMOUNT, make_policy
from tests.imports.importing import COSTS, counts

pytestmark = pytest.mark.both_databases

AMOUNTS = ("claim_reference", "paid", "outstanding", "recovered")


def undo(number: int) -> Import:
    record = undo_import(number, reason_code=WRONG_AMOUNT, actor=ACTOR)
    db.session.commit()
    assert list(disagreements()) == []
    return record


def statuses() -> dict[str, Status]:
    rows = db.session.execute(select(Claim.claim_reference, Claim.status)).all()
    return dict(rows)


def test_a_corrected_file_reopens_what_the_undo_declined(importing):
    importing.load(COSTS, ("A-1", 1000), ("A-2", 20))
    undo(1)

    outcome = importing.load(COSTS, ("A-1", 100), ("A-2", 20), ("A-3", 5))

    claim = claim_by_reference("A-1")
    *_, declined, reopened = entries_of(claim)
    assert outcome.warnings == ("2 claims that the undo of import 1 declined are reopened.",)
    assert counts(outcome) == (1, 2, 0, 0)
    assert outcome.files[0].rows_of("changed").first[0].after["status"] == "reopened"
    assert declined.entry_type is EntryType.CLAIM_DECLINED
    assert reopened.entry_type is EntryType.RESERVE_REOPEN
    assert reopened.reason_code is ReasonCode.IMPORT_SENT_AGAIN
    assert (reopened.outstanding, reopened.import_id) == (Decimal("100.00"), 3)
    assert (claim.status, claim.closed_date) == (Status.REOPENED, None)
    assert list(disagreements()) == []


def test_what_was_paid_and_recovered_follows_in_an_adjustment(importing):
    importing.load(AMOUNTS, ("A-1", 70, 20, 5), ("A-2", 0, 3, 0))
    undo(1)

    outcome = importing.load(AMOUNTS, ("A-1", 70, 30, 5), ("A-2", 0, 3, 0))

    claim = claim_by_reference("A-1")
    *_, reopened, adjustment = entries_of(claim)
    assert (reopened.entry_type, reopened.outstanding) == (EntryType.RESERVE_REOPEN, 30)
    assert (adjustment.entry_type, adjustment.paid) == (EntryType.ADJUSTMENT, 70)
    assert (adjustment.recovered, adjustment.outstanding) == (5, 0)
    assert adjustment.reason_code is ReasonCode.IMPORT_SENT_AGAIN
    assert (claim.paid, claim.outstanding, claim.recovered) == (70, 30, 5)
    assert outcome.entries == db.session.get_one(Import, 3).entries == 3
    assert list(disagreements()) == []


def test_undone_in_its_turn_it_declines_them_again(importing):
    importing.load(AMOUNTS, ("A-1", 70, 20, 5), ("A-2", 0, 3, 0))
    for first in (1, 3, 5):
        record = undo(first)

        assert set(statuses().values()) == {Status.DECLINED}
        assert declined_by(record) == 2
        importing.load(AMOUNTS, ("A-1", 70, 30, 5), ("A-2", 0, 3, 0))
        assert set(statuses().values()) == {Status.REOPENED}

    assert claim_by_reference("A-1").paid == 70


def test_claims_without_amounts_are_taken_up_too(importing):
    rows = (("claim_reference", "cause"), ("A-1", "fire"), ("A-2", "water"))
    importing.load(*rows)
    undo(1)

    outcome = importing.load(*rows)

    assert counts(outcome) == (0, 2, 0, 0)
    assert set(statuses().values()) == {Status.REOPENED}
    undo(3)
    assert set(statuses().values()) == {Status.DECLINED}


def test_a_file_that_states_that_they_are_declined_changes_nothing(importing):
    importing.load(COSTS, ("A-1", 100))
    undo(1)
    titles = ("claim_reference", "status", "claim_cost")

    shown = importing.dry_run(titles, ("A-1", "declined", 0))

    assert counts(shown) == (0, 0, 1, 0)


def test_a_file_with_statuses_reopens_them_with_amounts(importing):
    importing.load(COSTS, ("A-1", 100))
    undo(1)

    importing.load(("claim_reference", "status", "claim_cost"), ("A-1", "open", 90))

    assert statuses() == {"A-1": Status.REOPENED}


def test_what_a_person_declined_is_never_reopened(importing):
    importing.load(COSTS, ("A-1", 100), ("A-2", 100))
    undo(1)
    why = {"actor": ACTOR, "reason_code": ReasonCode.NOT_COVERED}
    claim = claim_by_reference("A-1")
    reopen_claim(claim, Decimal(0), today(), **why)
    decline_claim(claim, today(), **why)
    db.session.commit()

    refused = importing.refusals(COSTS, ("A-1", 100), ("A-2", 100))
    listed = importing.dry_run(COSTS, ("A-1", 0), ("A-2", 0))

    assert refused == [
        "claims.csv, row 2, Claim Cost “100.00”: Nothing can be outstanding on a declined claim."
    ]
    assert counts(listed) == (0, 1, 1, 0)
    assert listed.warnings == ("1 claim that the undo of import 1 declined is reopened.",)


def test_what_a_person_reopened_stays_so_when_a_later_import_is_undone(importing):
    importing.load(COSTS, ("A-1", 100))
    undo(1)
    why = {"actor": ACTOR, "reason_code": ReasonCode.NEW_INFORMATION}
    reopen_claim(claim_by_reference("A-1"), Decimal(0), today(), **why)
    db.session.commit()
    importing.load(COSTS, ("A-1", 80))

    undo(3)

    assert statuses() == {"A-1": Status.REOPENED}


def test_a_claim_that_its_policy_does_not_cover_is_reopened_with_the_warning_of_before(importing):
    make_policy(policy_number="F-1")
    rows = (("claim_reference", "policy_number", "loss_date", "claim_cost"),)
    rows += (("A-1", "F-1", "1999-01-01", 100),)
    importing.load(*rows)
    undo(1)

    outcome = importing.load(*rows)

    assert [text.split(":")[0] for text in outcome.warnings] == [
        "1 claim that the undo of import 1 declined is reopened.",
        "With these facts the loss is not covered, but the claim has a reserve or payments",
    ]
    assert claim_by_reference("A-1").outstanding == 100


def test_the_claims_of_several_undos_are_counted_apart(importing):
    importing.load(COSTS, ("A-1", 100))
    importing.load(COSTS, ("A-2", 100), ("A-3", 1))
    undo(1)
    undo(2)

    shown = importing.dry_run(COSTS, ("A-1", 1), ("A-2", 1), ("A-3", 1))

    assert shown.warnings == (
        "1 claim that the undo of import 1 declined is reopened.",
        "2 claims that the undo of import 2 declined are reopened.",
    )
