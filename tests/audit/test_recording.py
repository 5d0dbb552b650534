from datetime import date
from decimal import Decimal

import pytest

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import NotRecorded, Origin, origin, record_separately
from flaskr.claims.ledger.check import rebuild_balances
from flaskr.claims.ledger.services import close_claim, decline_claim, reopen_claim, reverse_entry
from flaskr.claims.services import ClaimError, edit_claim
from flaskr.errors import LedgerError
from flaskr.extensions import db
from flaskr.facts.lists import Cause
from flaskr.policies.services import cancel_policy, edit_policy
from tests.audit.events import actions, events, only_event, refuse_events, told
from tests.factories import ACTOR, make_claim, make_policy, open_elsewhere, pay, recover, reserve


def test_a_reported_claim_leaves_its_facts_and_of_its_description_only_that_there_is_one(
    rolled_back,
):
    policy = make_policy(policy_number="H-1")
    claim = make_claim(policy=policy, claim_reference="W-1", description="Rör brast i köket")

    event = only_event(Action.CLAIM_REPORTED)

    assert (event.subject_kind, event.subject) == (Subject.CLAIM, "W-1")
    assert (event.actor, event.before) == (ACTOR, None)
    assert told(event.after) == {
        "policy": "H-1",
        "cause": "water",
        "loss_date": "2024-03-01",
        "reported_date": "2024-03-02",
        "description": "changed",
    }
    assert claim.recorded_at <= event.recorded_at


def test_a_claim_without_policy_or_dates_leaves_what_it_has(rolled_back):
    make_claim(loss_date=None, reported_date=None)

    assert told(only_event(Action.CLAIM_REPORTED).after) == {"cause": "water"}


def test_an_edit_of_a_claim_leaves_what_changed_and_nothing_else(rolled_back):
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
    assert told(event.before) == {"policy": "H-1", "cause": "water"}
    assert told(event.after) == {"policy": "H-2", "cause": "fire", "description": "changed"}


def test_a_claim_that_loses_its_policy_says_so(rolled_back):
    claim = make_claim(policy=make_policy(policy_number="H-1"))

    edit_claim(claim, {"policy_id": None}, seen_version=1, actor=ACTOR)

    event = only_event(Action.CLAIM_EDITED)
    assert (told(event.before), told(event.after)) == ({"policy": "H-1"}, {"policy": None})


def test_an_edit_to_the_same_values_leaves_nothing(rolled_back):
    claim, policy = make_claim(), make_policy()
    before = len(events())

    edit_claim(claim, {"cause": claim.cause}, seen_version=1, actor=ACTOR)
    edit_policy(policy, {"premium": policy.premium}, seen_version=1, actor=ACTOR)

    assert len(events()) == before


def test_every_entry_leaves_what_it_moves(rolled_back):
    claim = make_claim(claim_reference="W-1")
    reserve(claim, "100")
    payment = pay(claim, "30.50")
    reverse_entry(payment, date(2024, 5, 1), actor=ACTOR, reason="Åsa Öberg was paid twice")
    pay(claim, "10", date(2024, 5, 1))
    recover(claim, "5")
    close_claim(claim, date(2024, 5, 2), actor=ACTOR)
    reopen_claim(claim, Decimal("1.00"), date(2024, 5, 3), actor=ACTOR, reason="Åsa called")

    found = [event for event in events() if event.action is Action.ENTRY_POSTED]

    assert {(event.subject_kind, event.subject) for event in found} == {(Subject.CLAIM, "W-1")}
    assert [told(event.after)["entry_type"] for event in found] == [
        *("RESERVE_OPEN", "PAYMENT", "PAYMENT_REVERSAL", "PAYMENT"),
        *("RECOVERY_SALVAGE", "RESERVE_CLOSE", "RESERVE_REOPEN"),
    ]
    assert told(found[1].after) == {
        "entry_type": "PAYMENT",
        "transaction_date": "2024-04-01",
        "paid": "30.50",
        "outstanding": "-30.50",
        "recovered": "0.00",
    }
    assert told(found[2].after)["reason"] == "changed"


def test_declining_and_opening_elsewhere_leave_an_event_each(rolled_back):
    decline_claim(make_claim(), date(2024, 3, 3), actor=ACTOR)
    open_elsewhere(make_claim())

    assert actions().count("entry_posted") == 2


def test_a_policy_leaves_its_facts_and_of_its_holder_only_that_there_is_one(rolled_back):
    make_policy(policy_number="H-1")

    event = only_event(Action.POLICY_RECORDED)

    assert (event.subject_kind, event.subject) == (Subject.POLICY, "H-1")
    assert told(event.after) == {
        "line_of_business": "home",
        "inception_date": "2024-01-01",
        "expiry_date": "2025-01-01",
        "premium": "5000.00",
        "deductible": "1500.00",
        "policyholder": "changed",
    }


def test_an_edited_and_a_cancelled_policy_leave_what_changed(rolled_back):
    policy = make_policy()

    edit_policy(
        policy,
        {"premium": Decimal("1.10"), "policyholder": "Bo Ek"},
        seen_version=1,
        actor=ACTOR,
    )
    cancel_policy(policy, date(2024, 6, 1), seen_version=2, actor=ACTOR)

    edited, cancelled = (e for e in events() if e.action is Action.POLICY_EDITED)
    assert told(edited.before) == {"premium": "5000.00"}
    assert told(edited.after) == {"premium": "1.10", "policyholder": "changed"}
    assert told(cancelled.before) == {"cancelled_on": None}
    assert told(cancelled.after) == {"cancelled_on": "2024-06-01"}


def test_what_is_refused_leaves_no_event(rolled_back):
    claim = make_claim()
    before = len(events())

    with pytest.raises(LedgerError):
        pay(claim, "0")
    with pytest.raises(ClaimError):
        edit_claim(claim, {"loss_date": None}, seen_version=1, actor=ACTOR)

    assert len(events()) == before


def test_work_that_is_rolled_back_leaves_no_event(session):
    make_claim()
    session.commit()

    reserve(make_claim(policy=make_policy()), "10")
    assert len(events()) == 4
    session.rollback()

    assert actions() == ["claim_reported"]


def test_balances_that_are_right_are_not_rebuilt_and_leave_nothing(rolled_back):
    reserve(make_claim(), "10")

    assert rebuild_balances(ACTOR) == 0
    assert "balances_rebuilt" not in actions()


def test_rebuilt_balances_leave_how_many(rolled_back):
    claim = make_claim()
    reserve(claim, "10")
    claim.outstanding = Decimal("7.00")
    rolled_back.flush()

    rebuild_balances(ACTOR)

    event = only_event(Action.BALANCES_REBUILT)
    assert (event.subject, told(event.after)) == ("book", {"claims": 1})


def test_a_command_comes_from_who_runs_it_and_where(rolled_back):
    make_claim()

    event = only_event(Action.CLAIM_REPORTED)

    assert (event.through, event.request_id) == ("command", "")
    user, _, host = event.address.partition("@")
    assert user
    assert host


def test_a_user_without_a_name_goes_by_number(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987_654)

    assert Origin().address.startswith("987654@")


def test_an_event_says_where_its_request_came_from(rolled_back):
    token = origin.set(Origin("page", "192.0.2.7", "abc123"))
    make_claim()
    origin.reset(token)

    event = only_event(Action.CLAIM_REPORTED)

    assert (event.through, event.address, event.request_id) == ("page", "192.0.2.7", "abc123")


def test_what_is_recorded_apart_stands_whatever_becomes_of_the_rest(session):
    make_claim()
    record_separately(Action.FILE_EXPORTED, Subject.FILE, "/export_claims", actor=ACTOR)
    session.rollback()

    assert actions() == ["file_exported"]


def test_what_cannot_be_recorded_apart_is_refused_with_503(session):
    refuse_events(db.engine.dialect.name)

    with pytest.raises(NotRecorded, match="so it was not done") as refused:
        record_separately(Action.FILE_EXPORTED, Subject.FILE, "/export_claims", actor=ACTOR)

    assert refused.value.status == 503
    assert events() == []
