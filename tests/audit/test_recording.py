from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import NotRecorded, Origin, origin, record_separately
from flaskr.claims.check.services import rebuild_balances
from flaskr.claims.ledger.services import close_claim, decline_claim, reopen_claim, reverse_entry
from flaskr.claims.models import LedgerEntry
from flaskr.claims.services import ClaimError, edit_claim
from flaskr.errors import LedgerError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, ReasonCode
from flaskr.policies.services import cancel_policy, edit_policy
from tests.audit.events import actions, events, only_event, refuse_events, values_of
from tests.factories import ACTOR, make_claim, make_policy, open_elsewhere, pay, recover, reserve

OTHER = {"actor": ACTOR, "reason_code": ReasonCode.OTHER}


def test_a_reported_claim_is_recorded_with_its_facts_but_not_its_description(
    rolled_back,
):
    policy = make_policy(policy_number="H-1")
    claim = make_claim(policy=policy, claim_reference="W-1", description="Rör brast i köket")

    event = only_event(Action.CLAIM_REPORTED)

    assert (event.subject_kind, event.subject) == (Subject.CLAIM, "W-1")
    assert (event.actor, event.before) == (ACTOR, None)
    assert values_of(event.after) == {
        "policy": "H-1",
        "cause": "water",
        "loss_date": "2024-03-01",
        "reported_date": "2024-03-02",
        "description": "changed",
    }
    assert claim.recorded_at <= event.recorded_at


def test_a_claim_without_policy_or_dates_is_recorded_with_the_facts_it_has(rolled_back):
    make_claim(loss_date=None, reported_date=None)

    assert values_of(only_event(Action.CLAIM_REPORTED).after) == {"cause": "water"}


def test_an_edit_of_a_claim_records_only_what_changed(rolled_back):
    old, new = make_policy(policy_number="H-1"), make_policy(policy_number="H-2")
    claim = make_claim(policy=old, description="Fire")

    edit_claim(
        claim,
        {"cause": Cause.FIRE, "policy_id": new.id, "loss_date": claim.loss_date, "description": ""},
        seen_version=1,
        actor="anna@example.com",
    )

    event = only_event(Action.CLAIM_EDITED)
    assert event.actor == "anna@example.com"
    assert values_of(event.before) == {"policy": "H-1", "cause": "water"}
    assert values_of(event.after) == {"policy": "H-2", "cause": "fire", "description": "changed"}


def test_a_claim_that_loses_its_policy_says_so(rolled_back):
    claim = make_claim(policy=make_policy(policy_number="H-1"))

    edit_claim(claim, {"policy_id": None}, seen_version=1, actor=ACTOR)

    event = only_event(Action.CLAIM_EDITED)
    assert (values_of(event.before), values_of(event.after)) == (
        {"policy": "H-1"},
        {"policy": None},
    )


def test_an_edit_to_the_same_values_records_nothing(rolled_back):
    claim, policy = make_claim(), make_policy()
    before = len(events())

    edit_claim(claim, {"cause": claim.cause}, seen_version=1, actor=ACTOR)
    edit_policy(policy, {"premium": policy.premium}, seen_version=1, actor=ACTOR)

    assert len(events()) == before


def test_every_entry_is_recorded_with_its_amounts(rolled_back):
    claim = make_claim(claim_reference="W-1")
    reserve(claim, "100")
    payment = pay(claim, "30.50")
    reverse_entry(payment, date(2024, 5, 1), reason="Åsa Öberg was paid twice", **OTHER)
    pay(claim, "10", date(2024, 5, 1))
    recover(claim, "5")
    close_claim(claim, date(2024, 5, 2), actor=ACTOR)
    reopen_claim(claim, Decimal("1.00"), date(2024, 5, 3), reason="Åsa called", **OTHER)

    posted = [event for event in events() if event.action is Action.ENTRY_POSTED]

    assert {(event.subject_kind, event.subject) for event in posted} == {(Subject.CLAIM, "W-1")}
    assert [values_of(event.after)["entry_type"] for event in posted] == [
        *("RESERVE_OPEN", "PAYMENT", "PAYMENT_REVERSAL", "PAYMENT"),
        *("RECOVERY_SALVAGE", "RESERVE_CLOSE", "RESERVE_REOPEN"),
    ]
    ids = select(LedgerEntry.id).where(LedgerEntry.claim_id == claim.id).order_by(LedgerEntry.id)
    assert [values_of(event.after)["entry"] for event in posted] == list(db.session.scalars(ids))
    assert values_of(posted[1].after) == {
        "entry": values_of(posted[0].after)["entry"] + 1,
        "entry_type": "PAYMENT",
        "transaction_date": "2024-04-01",
        "paid": "30.50",
        "outstanding": "-30.50",
        "recovered": "0.00",
    }
    assert values_of(posted[2].after)["reason"] == "changed"


def test_declining_and_reopening_record_an_event_each(rolled_back):
    decline_claim(make_claim(), date(2024, 3, 3), **OTHER)
    open_elsewhere(make_claim())

    assert actions().count("entry_posted") == 2


def test_a_new_policy_is_recorded_with_its_facts_but_not_its_holder(rolled_back):
    make_policy(policy_number="H-1")

    event = only_event(Action.POLICY_RECORDED)

    assert (event.subject_kind, event.subject) == (Subject.POLICY, "H-1")
    assert values_of(event.after) == {
        "line_of_business": "home",
        "inception_date": "2024-01-01",
        "expiry_date": "2025-01-01",
        "premium": "5000.00",
        "deductible": "1500.00",
        "policyholder": "changed",
    }


def test_editing_and_cancelling_a_policy_record_what_changed(rolled_back):
    policy = make_policy()

    edit_policy(
        policy,
        {"premium": Decimal("1.10"), "policyholder": "Bo Ek"},
        seen_version=1,
        actor=ACTOR,
    )
    cancel_policy(policy, date(2024, 6, 1), seen_version=2, actor=ACTOR)

    edited, cancelled = (e for e in events() if e.action is Action.POLICY_EDITED)
    assert values_of(edited.before) == {"premium": "5000.00"}
    assert values_of(edited.after) == {"premium": "1.10", "policyholder": "changed"}
    assert values_of(cancelled.before) == {"cancelled_on": None}
    assert values_of(cancelled.after) == {"cancelled_on": "2024-06-01"}


def test_refused_work_records_no_event(rolled_back):
    claim = make_claim()
    before = len(events())

    with pytest.raises(LedgerError):
        pay(claim, "0")
    with pytest.raises(ClaimError):
        edit_claim(claim, {"loss_date": None}, seen_version=1, actor=ACTOR)

    assert len(events()) == before


def test_rolled_back_work_records_no_event(session):
    make_claim()
    session.commit()

    reserve(make_claim(policy=make_policy()), "10")
    assert len(events()) == 4
    session.rollback()

    assert actions() == ["claim_reported"]


def test_correct_balances_are_not_rebuilt_and_record_nothing(rolled_back):
    reserve(make_claim(), "10")

    assert rebuild_balances(ACTOR) == 0
    assert "balances_rebuilt" not in actions()


def test_rebuilding_balances_records_how_many(rolled_back):
    claim = make_claim()
    reserve(claim, "10")
    claim.outstanding = Decimal("7.00")
    rolled_back.flush()

    rebuild_balances(ACTOR)

    event = only_event(Action.BALANCES_REBUILT)
    assert (event.subject, values_of(event.after)) == ("book", {"claims": 1})


def test_an_event_says_where_its_request_came_from(rolled_back):
    token = origin.set(Origin("page", "192.0.2.7", "abc123"))
    make_claim()
    origin.reset(token)

    event = only_event(Action.CLAIM_REPORTED)

    assert (event.through, event.address, event.request_id) == ("page", "192.0.2.7", "abc123")


def test_a_separate_event_stays_if_the_session_is_rolled_back(session):
    make_claim()
    record_separately(Action.FILE_EXPORTED, Subject.FILE, "/export_claims", actor=ACTOR)
    session.rollback()

    assert actions() == ["file_exported"]


def test_a_separate_event_that_cannot_be_recorded_gives_503(session):
    refuse_events(db.engine.dialect.name)

    with pytest.raises(NotRecorded, match="so it was not done") as refused:
        record_separately(Action.FILE_EXPORTED, Subject.FILE, "/export_claims", actor=ACTOR)

    assert refused.value.status == 503
    assert events() == []
